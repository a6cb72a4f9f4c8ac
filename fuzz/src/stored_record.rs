//! What is found in a storage: a session, a login, the list of logins, the journal. Whatever wrote it, what is read is
//! what is written again.

use pixie_auth::{
    UnixMillis,
    core::{
        memory::{
            journal::Journal,
            record,
            transaction::{Login, Logins},
        },
        words::secret::Secret,
    },
};

pub fn run(stored: &str) {
    if let Some(tokens) = record::read(stored) {
        assert!(!record::is_foreign(stored));
        assert!(!tokens.access_token.expose().is_empty());
        assert_eq!(record::read(record::write(&tokens).expose()).as_ref(), Some(&tokens));
        assert!(tokens.generation() < 1 << 48);
    }
    // A login is kept as it is read: what each step reads of it does not panic, and a verifier is one.
    let raw = Secret::new(stored.into());
    if let Some(login) = Login::read(raw.clone()) {
        let _ = (login.text("nonce"), login.text("redirect_uri"), login.max_age(), login.app_state());
        let _ = login.asks_for_id_token();
        assert!(login.outcome().is_some() || login.verifier().is_some());
        assert_eq!(login.write(), raw);
    }
    if let Some(journal) = Journal::read(stored) {
        assert_eq!(Journal::read(&journal.write()).as_ref(), Some(&journal));
        assert!(journal.failures <= 99);
    }
    let count = |list: &str| list.split('&').count();
    let mut logins = Logins::read(stored.into());
    let mut left = count(stored);
    while logins.forget(UnixMillis(1_700_000_000_000)).is_some() {
        left -= 1;
    }
    let mut list = logins.write().expose().to_owned();
    assert!(stored.ends_with(&list) && count(&list) == left && left <= 16, "{left}");
    let mut logins = Logins::read(std::mem::take(&mut list));
    logins.add("state", UnixMillis(1_700_000_000_000));
    assert!(logins.write().expose().ends_with("state=1700000000000"));
}
