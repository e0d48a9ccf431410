//! SmartCore and SmartPayments: one gateway, two versions of its documents.
