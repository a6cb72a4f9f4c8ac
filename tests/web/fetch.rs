use crate::{
    inbox::{Arrival, Inbox, RESPONDED},
    stand_in::{StandIn, Time, js, pause},
};
use js_sys::{Function, Reflect};
use pixie_auth::{
    Response, Unanswered,
    web::{
        clock,
        fetch::{self, Requests},
    },
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const URL: &str = "https://as.example/token?tenant=1";
const FORM: &str = "grant_type=refresh_token&refresh_token=r%26t";
const LIMIT: u64 = 5_000;

fn requests(own: &JsValue, limit: u64) -> (Requests, Inbox<Arrival>) {
    let answers = Inbox::default();
    (Requests::new(own, limit as f64, &answers.address()), answers)
}

impl Arrival {
    fn response(self) -> Result<Response, Unanswered> {
        assert_eq!(self.what, RESPONDED);
        fetch::result(self.number, self.text, self.extra)
    }
}

/// A `fetch` that keeps its arguments in `calls` and then does as it is told.
fn own(answer: &str) -> JsValue {
    js(&format!(
        "(() => {{ const fetch = (...args) => {{ fetch.calls.push(args); return ({answer})(...args) }}; fetch.calls = []; return fetch }})()"
    ))
}

/// Looks at the calls of such a `fetch` with a JavaScript function.
fn look(own: &JsValue, question: &str) -> JsValue {
    let calls = Reflect::get(own, &"calls".into()).unwrap();
    js(question).unchecked_into::<Function>().call1(&JsValue::UNDEFINED, &calls).unwrap()
}

async fn answer_of(answer: &str) -> Result<Response, Unanswered> {
    let (requests, answers) = requests(&own(answer), LIMIT);
    requests.send(1, URL, Some(FORM), None, None, false, false);
    answers.take().await.response()
}

#[wasm_bindgen_test]
async fn get_goes_without_credentials_and_asks_for_json() {
    let own = own("async () => new Response('{}')");
    let (requests, answers) = requests(&own, LIMIT);
    requests.send(3, URL, None, None, None, false, false);
    let answer = answers.take().await;
    assert_eq!(answer.op, 3);
    assert_eq!(answer.response().unwrap().status, 200);
    let sent = look(
        &own,
        "([[url, { signal, headers, ...init }]]) => JSON.stringify([url, init, [...new Headers(headers)], signal instanceof AbortSignal])",
    );
    assert_eq!(
        sent.as_string().unwrap(),
        format!(
            r#"["{URL}",{{"credentials":"omit","referrerPolicy":"no-referrer"}},[["accept","application/json"]],true]"#
        )
    );
}

#[wasm_bindgen_test]
async fn post_carries_the_form_is_not_cached_and_follows_no_redirect() {
    let own = own("async () => new Response('{}')");
    let (requests, answers) = requests(&own, LIMIT);
    requests.send(4, URL, Some(FORM), None, None, false, false);
    answers.take().await.response().unwrap();
    let sent = look(
        &own,
        "([[, { signal, headers, ...init }]]) => JSON.stringify([Object.entries(init).sort(), [...new Headers(headers)]])",
    );
    assert_eq!(
        sent.as_string().unwrap(),
        format!(
            r#"[[["body","{FORM}"],["cache","no-store"],["credentials","omit"],["method","POST"],["redirect","manual"],["referrerPolicy","no-referrer"]],[["accept","application/json"],["content-type","application/x-www-form-urlencoded"]]]"#
        )
    );
}

#[wasm_bindgen_test]
async fn response_comes_with_its_status_body_and_retry_after() {
    let response =
        answer_of("async () => new Response('{\"é\":1}', { status: 429, headers: { 'Retry-After': '120' } })");
    let response = response.await.unwrap();
    assert_eq!((response.status, response.body.expose()), (429, "{\"é\":1}"));
    assert_eq!(response.retry_after.as_deref(), Some("120"));
    assert_eq!(response.dpop_nonce, None);
    let nonce = answer_of("async () => new Response('', { status: 400, headers: { Date: 'x', 'DPoP-Nonce': 'n-1' } })");
    let nonce = nonce.await.unwrap();
    assert_eq!((nonce.retry_after, nonce.date.as_deref(), nonce.dpop_nonce.as_deref()), (None, Some("x"), Some("n-1")));
    let empty = answer_of("async () => new Response(null, { status: 204 })").await.unwrap();
    assert_eq!((empty.status, empty.body.expose(), empty.retry_after), (204, "", None));
    let marked = answer_of("async () => new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))").await.unwrap();
    assert_eq!(marked.body.expose(), "{}", "without its byte order mark");
}

#[wasm_bindgen_test]
async fn response_comes_with_the_instant_at_which_the_request_was_sent() {
    let time = Time::stand_still();
    let before = clock::now().0 as f64;
    let (requests, answers) =
        requests(&own("() => new Promise((resolve) => setTimeout(() => resolve(new Response('{}')), 3000))"), LIMIT);
    requests.send(1, URL, None, None, None, false, false);
    time.advance(3_000).await;
    assert_eq!(answers.take().await.sent_at, before);
    assert_eq!(clock::now().0 as f64, before + 3_000.0);
}

#[wasm_bindgen_test]
async fn redirect_of_a_post_is_a_response_that_leads_nowhere() {
    // What a browser gives for `redirect: "manual"`.
    let response =
        answer_of("async () => Object.defineProperty(new Response(null), 'status', { value: 0 })").await.unwrap();
    assert_eq!((response.status, response.body.expose(), response.is_success()), (0, "", false));
}

#[wasm_bindgen_test]
async fn request_that_fails_in_any_way_is_network() {
    for answer in [
        "async () => { throw new TypeError('Failed to fetch') }",
        "() => { throw new Error('at once') }",
        "() => Promise.reject()",
        "() => undefined",
        "async () => null",
        "async () => ({ status: 200 })",
        "async () => ({ status: 200, async text() { throw new TypeError('broken off') } })",
        "async () => { const response = new Response(new ReadableStream({ start: (c) => c.error(new Error('cut')) })); return response }",
    ] {
        assert_eq!(answer_of(answer).await.err(), Some(Unanswered::Network), "{answer}");
    }
}

#[wasm_bindgen_test]
async fn response_that_is_only_the_likeness_of_one_is_answered_all_the_same() {
    let headers = "headers: new Headers({ 'Retry-After': '7' })";
    let whole =
        answer_of(&format!("async () => ({{ status: 503, {headers}, text: async () => 'busy' }})")).await.unwrap();
    assert_eq!((whole.status, whole.body.expose(), whole.retry_after.as_deref()), (503, "busy", Some("7")));
    for answer in [
        "async () => ({ status: 200, text: () => 'x' })",
        "async () => ({ status: 200, text: async () => undefined })",
        "async () => ({ status: 200, text: async () => 7 })",
        "async () => ({ status: 200, text: async () => ({}) })",
        "async () => ({ status: '200', text: async () => 'x' })",
        "async () => ({ text: async () => 'x' })",
        "async () => ({ status: 429, headers: { get: () => 120 }, text: async () => '' })",
        "async () => ({ status: 429, headers: {}, text: async () => '' })",
        "async () => ({ status: 429, headers: null, text: async () => '' })",
    ] {
        let (requests, answers) = requests(&own(answer), 200);
        requests.send(1, URL, None, None, None, false, false);
        answers.take().await;
        pause(5).await;
        assert_eq!(answers.len(), 0, "{answer}: answered once");
    }
}

#[wasm_bindgen_test]
async fn request_without_an_answer_ends_at_the_limit_and_is_aborted() {
    for answer in [
        "() => new Promise(() => {})",
        "async () => ({ status: 200, text: () => new Promise(() => {}) })",
        "(_, { signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))",
    ] {
        let time = Time::stand_still();
        let own = own(answer);
        let (requests, answers) = requests(&own, LIMIT);
        requests.send(1, URL, Some(FORM), None, None, false, false);
        let aborted = "([[, { signal }]]) => signal.aborted";
        time.advance(LIMIT as u32 - 1).await;
        assert_eq!((answers.len(), look(&own, aborted).as_bool()), (0, Some(false)), "{answer}");
        time.advance(1).await;
        assert_eq!(answers.take().await.response().err(), Some(Unanswered::Timeout), "{answer}");
        assert_eq!(look(&own, aborted).as_bool(), Some(true), "{answer}");
        time.advance(LIMIT as u32).await;
        assert_eq!(answers.len(), 0, "{answer}: answered once");
    }
}

#[wasm_bindgen_test]
async fn answer_that_comes_after_the_limit_is_not_heard() {
    let time = Time::stand_still();
    let late = own("() => new Promise((resolve) => setTimeout(() => resolve(new Response('{}')), 9000))");
    let (requests, answers) = requests(&late, LIMIT);
    requests.send(1, URL, None, None, None, false, false);
    time.advance(20_000).await;
    assert_eq!(answers.take().await.response().err(), Some(Unanswered::Timeout));
    assert_eq!(answers.len(), 0);
}

#[wasm_bindgen_test]
async fn answer_that_comes_before_the_limit_counts_though_its_timer_is_late() {
    // A machine that sleeps stops its timers; the clock goes on.
    let time = Time::stand_still();
    let slow = own("() => new Promise((resolve) => setTimeout(() => resolve(new Response('{}')), 4000))");
    let (requests, answers) = requests(&slow, LIMIT);
    requests.send(1, URL, None, None, None, false, false);
    time.jump(3_600_000.0);
    time.advance(20_000).await;
    assert_eq!(answers.take().await.response().unwrap().status, 200);
    assert_eq!((answers.len(), time.timers()), (0, 0));
}

#[wasm_bindgen_test]
async fn answer_that_came_while_the_page_slept_counts_though_its_timer_is_heard_first() {
    let time = Time::stand_still();
    let slow = own("() => new Promise((resolve) => setTimeout(() => resolve(new Response('{}')), 5500))");
    let (requests, answers) = requests(&slow, LIMIT);
    requests.send(1, URL, None, None, None, false, false);
    time.jump(3_600_000.0);
    time.advance(LIMIT as u32).await;
    assert_eq!(answers.len(), 0);
    time.advance(500).await;
    assert_eq!(answers.take().await.response().unwrap().status, 200);
    time.advance(20_000).await;
    assert_eq!((answers.len(), time.timers()), (0, 0));
}

#[wasm_bindgen_test]
async fn request_without_an_answer_is_ended_by_a_timer_that_is_late() {
    let time = Time::stand_still();
    for (set, late) in [(86_400_000.0, 2_000), (-86_400_000.0, 0), (1_000.0, 0)] {
        let (requests, answers) = requests(&own("() => new Promise(() => {})"), LIMIT);
        requests.send(1, URL, None, None, None, false, false);
        time.jump(set);
        time.advance(LIMIT as u32 + late - 1).await;
        assert_eq!(answers.len(), 0, "{set}");
        time.advance(1).await;
        assert_eq!(answers.take().await.response().err(), Some(Unanswered::Timeout), "{set}");
        assert_eq!(time.timers(), 0);
    }
}

#[wasm_bindgen_test]
async fn answered_request_leaves_no_timer_behind() {
    let time = Time::stand_still();
    let (requests, answers) = requests(&own("async () => new Response('{}')"), LIMIT);
    requests.send(1, URL, None, None, None, false, false);
    assert_eq!(time.timers(), 1);
    time.advance(0).await;
    answers.take().await.response().unwrap();
    assert_eq!(time.timers(), 0);
}

#[wasm_bindgen_test]
async fn close_aborts_what_is_on_its_way_and_answers_nothing() {
    let time = Time::stand_still();
    let own =
        own("(_, { signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))");
    let (requests, answers) = requests(&own, LIMIT);
    requests.send(1, URL, None, None, None, false, false);
    requests.send(2, URL, Some(FORM), None, None, false, false);
    requests.close();
    time.advance(2 * LIMIT as u32).await;
    assert_eq!(answers.len(), 0);
    assert_eq!(look(&own, "(calls) => calls.every(([, { signal }]) => signal.aborted)").as_bool(), Some(true));
    assert_eq!(time.timers(), 0);
}

#[wasm_bindgen_test]
async fn answers_come_in_the_order_of_their_arrival_and_name_their_request() {
    let own = own(
        "(url) => new Promise((resolve) => setTimeout(() => resolve(new Response(url)), Number(url.split('#')[1])))",
    );
    let time = Time::stand_still();
    let (requests, answers) = requests(&own, LIMIT);
    for (op, delay) in [(1, 300), (2, 100), (3, 200)] {
        requests.send(op, &format!("{URL}#{delay}"), None, None, None, false, false);
    }
    time.advance(1_000).await;
    let ops = [answers.take().await.op, answers.take().await.op, answers.take().await.op];
    assert_eq!(ops, [2, 3, 1]);
}

#[wasm_bindgen_test]
async fn pages_fetch_is_looked_up_each_time_as_programs_wrap_it() {
    let (requests, answers) = requests(&JsValue::UNDEFINED, LIMIT);
    for body in ["first", "second"] {
        let wrapper = format!("{{ value: async () => new Response('{body}'), writable: true }}");
        let _stand_in = StandIn::new("globalThis", "fetch", &wrapper);
        requests.send(1, URL, None, None, None, false, false);
        assert_eq!(answers.take().await.response().unwrap().body.expose(), body);
    }
    // And without a wrapper: the page itself, from where it was served.
    requests.send(1, &js("location.origin + '/'").as_string().unwrap(), None, None, None, false, false);
    assert!(answers.take().await.response().unwrap().is_success());
}

#[wasm_bindgen_test]
async fn host_without_fetch_is_network() {
    let _stand_in = StandIn::new("globalThis", "fetch", "{ value: undefined, writable: true }");
    let (requests, answers) = requests(&JsValue::UNDEFINED, LIMIT);
    requests.send(1, URL, None, None, None, false, false);
    assert_eq!(answers.take().await.response().err(), Some(Unanswered::Network));
}

#[wasm_bindgen_test]
async fn request_that_outlives_the_page_is_kept_alive_and_not_given_up_by_close() {
    let slow = own("() => new Promise((resolve) => setTimeout(() => resolve(new Response('')), 20))");
    let (requests, answers) = requests(&slow, LIMIT);
    requests.send(1, URL, Some(FORM), None, None, false, true);
    requests.send(2, URL, Some(FORM), None, None, false, false);
    requests.close();
    let kept = look(
        &slow,
        "(calls) => calls.map(([, { keepalive, signal }]) => [!!keepalive, signal.aborted].join()).join(' ')",
    );
    assert_eq!(kept.as_string().unwrap(), "true,false false,true");
    pause(60).await;
    assert_eq!(answers.len(), 0, "nobody waits for either");
}
