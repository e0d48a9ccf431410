-- A payment's next step has a kind, a stage and a beginning. Steps of before were all redirects.

ALTER TABLE payments ADD COLUMN step_kind TEXT;
ALTER TABLE payments ADD COLUMN step_stage TEXT;
ALTER TABLE payments ADD COLUMN step_since INTEGER;
UPDATE payments
SET step_kind = 'redirect', step_stage = CASE step_opened WHEN 0 THEN 'offered' ELSE 'opened' END, step_since = updated_at
WHERE step IS NOT NULL;
ALTER TABLE payments DROP COLUMN step_opened;
