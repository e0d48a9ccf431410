use std::sync::Arc;

use farthing_gateways::CheckedState;
use farthing_types::{Currency, DeclineCode, PaymentStatus, SessionStatus};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::payments::record::Method;
use crate::payments::reducer::Checked;
use crate::sessions::record::Terms;
use crate::store::{KeyScope, Store};

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn context(seconds: i64) -> Context {
    Context { now: later(seconds), not_found_gap: SignedDuration::from_secs(60), jitter: 127 }
}

struct Fixture {
    store: Arc<SqliteStore>,
    folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("t.sqlite")).unwrap());
    Fixture { store, folder }
}

fn session(id: &str, order_id: &str) -> NewSession {
    NewSession {
        session: Session {
            id: id.into(),
            order_id: order_id.into(),
            version: 1,
            amount: 1000,
            currency: "EUR".parse::<Currency>().unwrap(),
            status: SessionStatus::Open,
            attempts: 0,
            terms: Terms::default(),
            customer: Some(vec![1, 2, 3]),
            created_at: now(),
            expires_at: later(1800),
        },
        token: TokenHash::of(&format!("token of {id}")),
    }
}

fn attempt(id: &str, session_id: &str, key: &str) -> NewAttempt {
    NewAttempt {
        id: id.into(),
        session_id: session_id.into(),
        attempt: key.into(),
        version: 1,
        gateway: "smartcore".into(),
        gateway_order_id: id.into(),
        method: Method::Card,
        wallet_token: None,
        card: None,
        return_token: TokenHash::of(&format!("rt {id}")),
        callback_token: TokenHash::of(&format!("cb {id}")),
        now: now(),
    }
}

fn success() -> Evidence {
    Evidence::Checked(Checked {
        state: CheckedState::Succeeded { amount: 1000, final_amount: None },
        card: None,
        step: None,
    })
}

fn failure() -> Evidence {
    Evidence::Checked(Checked {
        state: CheckedState::Failed { decline: DeclineCode::Declined, raw: None },
        card: None,
        step: None,
    })
}

async fn started(store: &SqliteStore, id: &str, session_id: &str, key: &str) -> Payment {
    match store.begin_attempt(attempt(id, session_id, key)).await.unwrap() {
        Begun::Started(payment) => payment,
        other => panic!("not started: {other:?}"),
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_store_is_opened_again() {
    let Fixture { store, folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    let payment = started(&store, "pay_1", "ses_1", "att_11111111").await;
    drop(store);
    let again = SqliteStore::open(&folder.path().join("t.sqlite")).unwrap();
    assert_eq!(again.payment("pay_1").await.unwrap(), Some(payment));
    assert_eq!(again.recover(context(5)).await.unwrap(), 1);
    assert_eq!(
        again.payment("pay_1").await.unwrap().unwrap().phase,
        crate::payments::record::Phase::Unresolved
    );
    assert_eq!(again.recover(context(6)).await.unwrap(), 0);
}

/// A file that is opened and closed drops all locks that its process has on it (POSIX, `fcntl`), SQLite's included. The store did so with
/// its own database; the next program that looked into it, if its SQLite was older than 3.51, took itself for the last one there and
/// deleted the log, commits and all.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_database_is_locked_while_it_is_open() {
    use std::os::unix::fs::MetadataExt as _;
    let is_locked = |path: &Path| {
        let file = std::fs::metadata(path).unwrap();
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        let (process, inode) = (std::process::id().to_string(), format!(":{}", file.ino()));
        locks.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words[1] == "POSIX" && words[4] == process && words[5].ends_with(&inode)
        })
    };
    let Fixture { store, folder } = fixture();
    let path = folder.path().join("t.sqlite");
    assert!(is_locked(&path), "at its first start");
    store.create_session(session("ses_1", "o1")).await.unwrap();
    store.session("ses_1").await.unwrap();
    assert!(is_locked(&path), "with readers");
    drop(store);
    assert!(!is_locked(&path), "the test sees locks that are not there");
    let _store = SqliteStore::open(&path).unwrap();
    assert!(is_locked(&path), "at its second start");
}

#[tokio::test]
async fn a_second_server_on_the_same_database_is_refused() {
    let Fixture { store: _store, folder } = fixture();
    assert!(matches!(SqliteStore::open(&folder.path().join("t.sqlite")), Err(OpenError::InUse)));
}

#[tokio::test]
async fn the_same_attempt_key_gives_the_same_payment() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    started(&store, "pay_1", "ses_1", "att_11111111").await;
    let repeated = store.begin_attempt(attempt("pay_2", "ses_1", "att_11111111")).await.unwrap();
    assert!(matches!(repeated, Begun::Repeated(payment) if payment.id == "pay_1"));
}

#[tokio::test]
async fn a_wallets_token_pays_once_whatever_the_session_and_only_if_its_attempt_began() {
    let Fixture { store, folder: _folder } = fixture();
    let with_token = |id: &str, session_id: &str, key: &str| NewAttempt {
        method: Method::ApplePay,
        wallet_token: Some([7; 32]),
        ..attempt(id, session_id, key)
    };
    store.create_session(session("ses_1", "o1")).await.unwrap();
    store.create_session(session("ses_2", "o2")).await.unwrap();
    let stale = NewAttempt { version: 2, ..with_token("pay_0", "ses_1", "att_00000000") };
    assert_eq!(store.begin_attempt(stale).await.unwrap(), Begun::Stale);
    let first = store.begin_attempt(with_token("pay_1", "ses_1", "att_11111111")).await.unwrap();
    assert!(matches!(first, Begun::Started(payment) if payment.method == Method::ApplePay));
    let again = store.begin_attempt(with_token("pay_2", "ses_1", "att_11111111")).await.unwrap();
    assert!(matches!(again, Begun::Repeated(payment) if payment.id == "pay_1"));
    let elsewhere =
        store.begin_attempt(with_token("pay_3", "ses_2", "att_33333333")).await.unwrap();
    assert_eq!(elsewhere, Begun::TokenUsed);
    store.apply("pay_1", vec![failure()], context(1)).await.unwrap();
    let after_failure =
        store.begin_attempt(with_token("pay_4", "ses_1", "att_44444444")).await.unwrap();
    assert_eq!(after_failure, Begun::TokenUsed);
    assert_eq!(store.session("ses_2").await.unwrap().unwrap().attempts, 0);
}

#[tokio::test]
async fn fifty_parallel_attempts_of_one_order_start_one_payment() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    let tries: Vec<_> = (0..50)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                store
                    .begin_attempt(attempt(&format!("pay_{n}"), "ses_1", &format!("att_{n:08}")))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut begun = 0;
    for one in tries {
        match one.await.unwrap() {
            Begun::Started(_) => begun += 1,
            Begun::OrderOpen(_) => {}
            other => panic!("unexpected: {other:?}"),
        }
    }
    assert_eq!(begun, 1);
}

#[tokio::test]
async fn a_new_session_expires_the_older_open_one_and_says_so() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    assert!(matches!(
        store.create_session(session("ses_2", "o1")).await.unwrap(),
        OrderLock::Free(_)
    ));
    let old = store.session("ses_1").await.unwrap().unwrap();
    assert_eq!((old.status, old.customer), (SessionStatus::Expired, None));
    let events = store.events(0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert!(events[0].body.contains("\"session.expired\"") && events[0].body.contains("ses_1"));
}

#[tokio::test]
async fn an_order_with_an_open_or_paid_payment_takes_no_new_session() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    started(&store, "pay_1", "ses_1", "att_11111111").await;
    let open = store.create_session(session("ses_2", "o1")).await.unwrap();
    assert_eq!(open, OrderLock::Open { payment_id: "pay_1".into() });
    store.apply("pay_1", vec![Evidence::Lost], context(1)).await.unwrap();
    store.apply("pay_1", vec![success()], context(2)).await.unwrap();
    let paid = store.create_session(session("ses_2", "o1")).await.unwrap();
    assert_eq!(paid, OrderLock::Paid { payment_id: "pay_1".into() });
    assert_eq!(store.session("ses_1").await.unwrap().unwrap().status, SessionStatus::Complete);
}

#[tokio::test]
async fn five_declines_end_the_session_and_each_is_told_once() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    for n in 1..=5 {
        let id = format!("pay_{n}");
        started(&store, &id, "ses_1", &format!("att_{n:08}")).await;
        store
            .apply(
                &id,
                vec![Evidence::AnsweredOver { processing_id: None, refusal: None }],
                context(n),
            )
            .await
            .unwrap();
        store.apply(&id, vec![failure()], context(n)).await.unwrap();
        store.apply(&id, vec![failure()], context(n)).await.unwrap();
    }
    assert_eq!(store.session("ses_1").await.unwrap().unwrap().status, SessionStatus::Expired);
    let sixth = store.begin_attempt(attempt("pay_6", "ses_1", "att_66666666")).await.unwrap();
    assert_eq!(sixth, Begun::SessionClosed);
    let failed = store
        .events(0, 50)
        .await
        .unwrap()
        .iter()
        .filter(|event| event.body.contains("payment.failed"))
        .count();
    assert_eq!(failed, 5);
}

#[tokio::test]
async fn late_money_takes_the_lock_only_where_no_other_attempt_holds_it() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    started(&store, "pay_1", "ses_1", "att_11111111").await;
    store.apply("pay_1", vec![Evidence::NotSent], context(1)).await.unwrap();
    started(&store, "pay_2", "ses_1", "att_22222222").await;
    let late = store.apply("pay_1", vec![success()], context(2)).await.unwrap();
    assert_eq!((late.status, late.holds_order), (PaymentStatus::NeedsAttention, false));
    assert_eq!(store.session("ses_1").await.unwrap().unwrap().status, SessionStatus::Processing);
    // The other attempt fails: the order must not become payable, for money has been taken.
    store.apply("pay_2", vec![Evidence::NotSent], context(3)).await.unwrap();
    assert!(store.payment("pay_1").await.unwrap().unwrap().holds_order);
    assert_eq!(store.session("ses_1").await.unwrap().unwrap().status, SessionStatus::Processing);
    let third = store.begin_attempt(attempt("pay_x", "ses_1", "att_99999999")).await.unwrap();
    assert!(matches!(third, Begun::OrderPaid(payment) if payment.id == "pay_1"));
    store.create_session(session("ses_2", "o2")).await.unwrap();
    started(&store, "pay_3", "ses_2", "att_33333333").await;
    store.apply("pay_3", vec![Evidence::NotSent], context(4)).await.unwrap();
    let alone = store.apply("pay_3", vec![success()], context(5)).await.unwrap();
    assert!(alone.holds_order);
    assert_eq!(store.session("ses_2").await.unwrap().unwrap().status, SessionStatus::Processing);
}

/// A soak found checkouts that went on asking for money that had been taken: the order was locked, and only a submit said so.
#[tokio::test]
async fn late_money_ends_every_other_checkout_of_its_order() {
    let Fixture { store, folder: _folder } = fixture();
    let is = async |id: &str, status| {
        assert_eq!(store.session(id).await.unwrap().unwrap().status, status, "{id}");
    };
    store.create_session(session("ses_1", "o1")).await.unwrap();
    started(&store, "pay_1", "ses_1", "att_11111111").await;
    store.apply("pay_1", vec![Evidence::NotSent], context(1)).await.unwrap();
    store.create_session(session("ses_2", "o1")).await.unwrap();
    store.apply("pay_1", vec![success()], context(2)).await.unwrap();
    is("ses_1", SessionStatus::Processing).await;
    is("ses_2", SessionStatus::Expired).await;

    // The other checkout has an attempt under way, which may still be what pays the order.
    store.create_session(session("ses_3", "o2")).await.unwrap();
    started(&store, "pay_3", "ses_3", "att_33333333").await;
    store.apply("pay_3", vec![Evidence::NotSent], context(3)).await.unwrap();
    store.create_session(session("ses_4", "o2")).await.unwrap();
    started(&store, "pay_4", "ses_4", "att_44444444").await;
    store.apply("pay_3", vec![success()], context(4)).await.unwrap();
    is("ses_4", SessionStatus::Processing).await;
    store.apply("pay_4", vec![Evidence::NotSent], context(5)).await.unwrap();
    is("ses_3", SessionStatus::Processing).await;
    is("ses_4", SessionStatus::Expired).await;
    let events = store.events(0, 50).await.unwrap();
    let told = events.iter().filter(|event| event.body.contains("session.expired"));
    // The first session of each order ended with the second one, before any money came late.
    assert_eq!(told.count(), 4);
}

#[tokio::test]
async fn a_page_of_another_version_is_stale() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    let amendment = Amendment { amount: Some(500), purpose: None };
    let Amended::Done(changed) = store.amend_session("ses_1", amendment, now()).await.unwrap()
    else {
        panic!()
    };
    assert_eq!((changed.version, changed.amount), (2, 500));
    assert_eq!(
        store.begin_attempt(attempt("pay_1", "ses_1", "att_11111111")).await.unwrap(),
        Begun::Stale
    );
    started_with_version(&store, 2).await;
    let refused = store.amend_session("ses_1", Amendment::default(), now()).await.unwrap();
    assert_eq!(refused, Amended::NotOpen(SessionStatus::Processing));
}

async fn started_with_version(store: &SqliteStore, version: u32) {
    let attempt = NewAttempt { version, ..attempt("pay_2", "ses_1", "att_22222222") };
    assert!(
        matches!(store.begin_attempt(attempt).await.unwrap(), Begun::Started(payment) if payment.amount == 500)
    );
}

#[tokio::test]
async fn an_attempt_after_the_sessions_time_is_refused() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    let late = NewAttempt { now: later(1800), ..attempt("pay_1", "ses_1", "att_11111111") };
    assert_eq!(store.begin_attempt(late).await.unwrap(), Begun::SessionClosed);
    assert_eq!(store.expire_due_sessions(later(1799)).await.unwrap(), 0);
    assert_eq!(store.expire_due_sessions(later(1800)).await.unwrap(), 1);
    assert_eq!(store.expire_due_sessions(later(1801)).await.unwrap(), 0);
}

#[tokio::test]
async fn deliveries_of_one_payment_wait_for_each_other() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    started(&store, "pay_1", "ses_1", "att_11111111").await;
    store.apply("pay_1", vec![Evidence::NotSent], context(1)).await.unwrap();
    store.apply("pay_1", vec![success()], context(2)).await.unwrap(); // late money: a second event of the same payment
    let due = store.due_deliveries(later(10), 10).await.unwrap().now;
    assert_eq!(due.len(), 1);
    let first = due[0].event.seq;
    store.record_delivery(first, DeliveryRecord::Retry(later(60))).await.unwrap();
    let waiting = store.due_deliveries(later(10), 10).await.unwrap();
    assert!(waiting.now.is_empty());
    assert_eq!(waiting.next, Some(later(60)));
    store.record_delivery(first, DeliveryRecord::Delivered(later(61))).await.unwrap();
    let second = store.due_deliveries(later(62), 10).await.unwrap().now;
    assert_eq!(second.len(), 1);
    assert!(second[0].event.seq > first);
    store.record_delivery(second[0].event.seq, DeliveryRecord::Parked(later(63))).await.unwrap();
    assert!(store.due_deliveries(later(100), 10).await.unwrap().now.is_empty());
    assert_eq!(store.events(0, 10).await.unwrap().len(), 2, "what is parked can still be pulled");
}

#[tokio::test]
async fn a_failed_job_undoes_itself_and_nothing_else_of_its_group() {
    let Fixture { store, folder: _folder } = fixture();
    let jobs: Vec<_> = (0..40)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let wrote = store
                    .writer
                    .run(move |connection| {
                        connection.execute(
                            "INSERT INTO facts VALUES (?1, x'00')",
                            [format!("fact {n}")],
                        )?;
                        if n % 2 == 0 { Err(StoreError::Missing) } else { Ok(()) }
                    })
                    .await;
                assert_eq!(wrote.is_err(), n % 2 == 0);
            })
        })
        .collect();
    for job in jobs {
        job.await.unwrap();
    }
    for n in 0..40 {
        let found = store.fact(&format!("fact {n}")).await.unwrap().is_some();
        assert_eq!(found, n % 2 == 1, "fact {n}");
    }
}

#[tokio::test]
async fn a_full_database_refuses_the_intent_and_keeps_what_it_has() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    store
        .writer
        .run(|connection| {
            let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            Ok(())
        })
        .await
        .unwrap();
    let mut refused = None;
    for n in 0..500 {
        let mut new = session(&format!("ses_f{n}"), &format!("of{n}"));
        new.session.terms.purpose = Some("x".repeat(200));
        if let Err(error) = store.create_session(new).await {
            refused = Some(error);
            break;
        }
    }
    assert_eq!(refused, Some(StoreError::Full));
    assert!(store.session("ses_1").await.unwrap().is_some());
    // Space returns: so does the store.
    store
        .writer
        .run(|connection| {
            Ok(connection.pragma_update_and_check(None, "max_page_count", 1_000_000, |_| Ok(()))?)
        })
        .await
        .unwrap();
    assert!(matches!(
        store.create_session(session("ses_after", "o-after")).await,
        Ok(OrderLock::Free(_))
    ));
}

#[tokio::test]
async fn idempotency_keys_answer_once_and_are_taken_over_from_the_dead() {
    let Fixture { store, folder: _folder } = fixture();
    let scope =
        KeyScope { caller: "shop".into(), route: "POST /v1/sessions".into(), key: "k".into() };
    let claim = |request: u8, process: &str| KeyClaim {
        scope: scope.clone(),
        request: [request; 32],
        process: process.into(),
        now: now(),
    };
    assert_eq!(store.claim_key(claim(1, "run_a")).await.unwrap(), KeyState::Claimed);
    assert_eq!(store.claim_key(claim(1, "run_a")).await.unwrap(), KeyState::Running);
    assert_eq!(store.claim_key(claim(2, "run_a")).await.unwrap(), KeyState::Different);
    assert_eq!(store.claim_key(claim(1, "run_b")).await.unwrap(), KeyState::Claimed);
    store.finish_key(&scope, 201, vec![7]).await.unwrap();
    assert_eq!(store.claim_key(claim(1, "run_c")).await.unwrap(), KeyState::Answered(201, vec![7]));
    store.release_key(&scope).await.unwrap();
    assert_eq!(store.claim_key(claim(1, "run_c")).await.unwrap(), KeyState::Answered(201, vec![7]));
    store.tidy(later(8 * 24 * 3600)).await.unwrap();
    assert_eq!(store.claim_key(claim(2, "run_c")).await.unwrap(), KeyState::Claimed);
}

#[tokio::test]
async fn due_checks_come_newest_first_and_never_forget_an_old_one() {
    let Fixture { store, folder: _folder } = fixture();
    for n in 0..5 {
        store.create_session(session(&format!("ses_{n}"), &format!("o{n}"))).await.unwrap();
        started(&store, &format!("pay_{n}"), &format!("ses_{n}"), "att_11111111").await;
        store
            .apply(
                &format!("pay_{n}"),
                vec![Evidence::Restarted],
                context(if n == 1 { 0 } else { 100 }),
            )
            .await
            .unwrap();
    }
    let due = store.due_checks(later(101), 3).await.unwrap().now;
    assert_eq!(due, ["pay_1", "pay_4", "pay_3"]);
    assert_eq!(store.unresolved().await.unwrap(), 5);
}

#[tokio::test]
async fn a_paid_payment_is_never_planned_for_a_check_again() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    started(&store, "pay_1", "ses_1", "att_11111111").await;
    store.apply("pay_1", vec![Evidence::Lost, success()], context(1)).await.unwrap();
    store.hasten_check("pay_1", later(2)).await.unwrap();
    let due = store.due_checks(later(1000), 10).await.unwrap();
    assert!(due.now.is_empty() && due.next.is_none());
}

#[tokio::test]
async fn a_clock_that_was_set_back_delays_no_check() {
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    started(&store, "pay_1", "ses_1", "att_11111111").await;
    store.apply("pay_1", vec![Evidence::Lost], context(86_400)).await.unwrap();
    assert_eq!(store.due_checks(later(10), 10).await.unwrap().now, ["pay_1"]);
}

#[tokio::test]
async fn a_job_that_panics_takes_nothing_with_it() {
    let Fixture { store, folder: _folder } = fixture();
    let panicked = store.writer.run(|_| -> Result<(), StoreError> { panic!("on purpose") }).await;
    assert!(panicked.is_err());
    assert!(matches!(store.create_session(session("ses_1", "o1")).await, Ok(OrderLock::Free(_))));
}

#[tokio::test]
async fn case_22_an_event_that_is_made_again_after_a_restore_has_the_same_id() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let Fixture { store, folder: _folder } = fixture();
        store.create_session(session("ses_1", "o1")).await.unwrap();
        started(&store, "pay_1", "ses_1", "att_11111111").await;
        store.apply("pay_1", vec![Evidence::Lost, success()], context(1)).await.unwrap();
        ids.push(store.events(0, 10).await.unwrap()[0].id.clone());
    }
    assert_eq!(ids[0], ids[1]);
    let Fixture { store, folder: _folder } = fixture();
    store.create_session(session("ses_1", "o1")).await.unwrap();
    started(&store, "pay_1", "ses_1", "att_11111111").await;
    store.apply("pay_1", vec![Evidence::NotSent], context(1)).await.unwrap();
    assert_ne!(store.events(0, 10).await.unwrap()[0].id, ids[0], "other news has another id");
}
