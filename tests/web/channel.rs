use crate::{
    inbox::{Arrival, HEARD, Inbox},
    stand_in::{StandIn, js, pause},
};
use pixie_auth::web::channel::Channel;
use wasm_bindgen_test::wasm_bindgen_test;

fn channel(name: &str, storage: &str) -> (Channel, Inbox<Arrival>) {
    let heard = Inbox::default();
    let channel = Channel::new(&heard.address(), &storage.into());
    channel.listen(name);
    (channel, heard)
}

async fn next(heard: &Inbox<Arrival>) -> String {
    let arrival = heard.take().await;
    assert_eq!(arrival.what, HEARD);
    arrival.text.unwrap()
}

async fn nothing_more(heard: &Inbox<Arrival>) {
    pause(50).await;
    assert_eq!(heard.len(), 0);
}

/// A host that has no channels.
fn without_channels() -> StandIn {
    StandIn::new("globalThis", "BroadcastChannel", "{ value: undefined }")
}

/// What another tab's writing is to this one.
fn written_elsewhere(key: &str, value: &str) {
    js(&format!("dispatchEvent(new StorageEvent('storage', {{ key: {key}, newValue: {value} }}))"));
}

#[wasm_bindgen_test]
async fn message_is_heard_by_the_others_of_its_name_and_not_by_the_teller() {
    for storage in ["local", "session", "memory"] {
        let (first, first_heard) = channel("tabs", storage);
        let ((second, second_heard), (third, third_heard)) = (channel("tabs", storage), channel("others", storage));
        first.tell("v=1&it=é ℵ");
        first.tell("v=1&it=é ℵ");
        second.tell("");
        assert_eq!(next(&second_heard).await, "v=1&it=é ℵ");
        assert_eq!(next(&second_heard).await, "v=1&it=é ℵ");
        assert_eq!(next(&first_heard).await, "");
        nothing_more(&first_heard).await;
        nothing_more(&second_heard).await;
        nothing_more(&third_heard).await;
        for channel in [first, second, third] {
            channel.close();
        }
    }
}

#[wasm_bindgen_test]
async fn message_that_is_no_text_is_not_heard() {
    let (channel, heard) = channel("anything", "local");
    js(
        "(() => { const other = new BroadcastChannel('anything'); for (const it of [7, null, {}, undefined, 'text']) other.postMessage(it); other.close() })()",
    );
    assert_eq!(next(&heard).await, "text");
    nothing_more(&heard).await;
    channel.close();
}

#[wasm_bindgen_test]
async fn channel_that_is_closed_hears_and_tells_no_more() {
    for storage in ["local", "session"] {
        let ((first, first_heard), (second, second_heard)) = (channel("ended", storage), channel("ended", storage));
        second.close();
        second.close();
        first.tell("is anybody there?");
        second.tell("no");
        nothing_more(&first_heard).await;
        nothing_more(&second_heard).await;
        first.close();
    }
}

#[wasm_bindgen_test]
async fn channel_that_listens_to_nothing_tells_nobody() {
    let heard = Inbox::default();
    let silent = Channel::new(&heard.address(), &"local".into());
    silent.tell("nothing");
    silent.close();
    nothing_more(&heard).await;
}

#[wasm_bindgen_test]
async fn host_without_channels_tells_by_the_storage_and_leaves_nothing_in_it() {
    let _stand_in = without_channels();
    // Another page of this origin, with the events of its own.
    js("globalThis.frame = document.body.appendChild(document.createElement('iframe'))");
    js("globalThis.seen = []");
    js("frame.contentWindow.addEventListener('storage', ({ key, newValue }) => seen.push([key, newValue]))");
    let (channel, heard) = channel("by storage", "local");
    channel.tell("the same = twice");
    channel.tell("the same = twice");
    assert_eq!(js("localStorage.getItem('by storage')"), wasm_bindgen::JsValue::NULL);
    pause(100).await;
    let seen = js("JSON.stringify(seen.map(([key, value]) => [key, value && value.replace(/^\\S+ /, '')]))");
    let (told, gone) = (r#"["by storage","the same = twice"]"#, r#"["by storage",null]"#);
    assert_eq!(seen.as_string().unwrap(), format!("[{told},{gone},{told},{gone}]"));
    assert_eq!(js("new Set(seen.map(([, value]) => value)).size").as_f64(), Some(3.0), "the same is told anew");
    assert_eq!(heard.len(), 0, "the teller does not hear itself");

    js("frame.contentWindow.localStorage.setItem('by storage', seen[0][1])");
    assert_eq!(next(&heard).await, "the same = twice");
    js("frame.contentWindow.localStorage.removeItem('by storage')");
    nothing_more(&heard).await;
    channel.close();
    js("frame.contentWindow.localStorage.setItem('by storage', seen[0][1])");
    nothing_more(&heard).await;
    js(
        "frame.remove() ?? localStorage.removeItem('by storage') ?? (delete globalThis.frame && delete globalThis.seen)",
    );
}

#[wasm_bindgen_test]
async fn storage_event_of_another_key_is_not_heard() {
    let _stand_in = without_channels();
    let (channel, heard) = channel("ours", "local");
    written_elsewhere("'theirs'", "'0.5 text'");
    written_elsewhere("'ours too'", "'0.5 text'");
    written_elsewhere("null", "null");
    written_elsewhere("'ours'", "null");
    assert_eq!(heard.len(), 0);
    written_elsewhere("'ours'", "'0.5 a text of words'");
    assert_eq!(next(&heard).await, "a text of words");
    channel.close();
}

#[wasm_bindgen_test]
async fn storage_that_throws_keeps_the_message_and_harms_nobody() {
    let _stand_in = without_channels();
    for storage in [
        "{ get() { throw new DOMException('', 'SecurityError') } }",
        "{ value: { setItem() { throw new DOMException('', 'QuotaExceededError') } } }",
        "{ value: undefined }",
    ] {
        let (channel, heard) = channel("full", "local");
        let _storage = StandIn::new("globalThis", "localStorage", storage);
        channel.tell("nothing");
        channel.close();
        nothing_more(&heard).await;
    }
}

#[wasm_bindgen_test]
async fn host_without_channels_has_none_for_a_storage_that_others_do_not_see() {
    let _stand_in = without_channels();
    for storage in ["session", "memory"] {
        let (channel, heard) = channel("alone", storage);
        written_elsewhere("'alone'", "'0.5 text'");
        let _storage = StandIn::new("globalThis", "localStorage", "{ get() { throw new Error('touched') } }");
        channel.tell("nothing");
        nothing_more(&heard).await;
        channel.close();
    }
}
