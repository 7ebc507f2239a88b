//! Each control alone in a page: what it is called, and that it does what it is for.

use super::*;
use crate::in_page::InPage;
use leptos::prelude::*;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

/// The signals of a test: made outside of what is mounted, they outlive it.
fn signal_of<T: Send + Sync + 'static>(value: T) -> ArcRwSignal<T> {
    ArcRwSignal::new(value)
}

#[wasm_bindgen_test]
async fn a_button_is_pressed_unless_it_is_disabled() {
    let presses = Arc::new(AtomicU32::new(0));
    let disabled = signal_of(false);
    let (count, off) = (Arc::clone(&presses), disabled.clone());
    let page = InPage::mount(move |_| {
        let on_press = move || {
            count.fetch_add(1, Ordering::Relaxed);
        };
        view! { <Button name="Go on".to_string() disabled=Signal::derive(move || off.get()) on_press>"▶"</Button> }
    })
    .await;
    page.press("Go on").await;
    disabled.set(true);
    page.until("it says so", || page.control("Go on").get_attribute("aria-disabled").is_some()).await;
    page.press("Go on").await;
    assert_eq!(presses.load(Ordering::Relaxed), 1);
}

#[wasm_bindgen_test]
async fn one_of_a_few_is_chosen() {
    let chosen = signal_of(Some(1));
    let (now, write) = (chosen.clone(), chosen.clone());
    let page = InPage::mount(move |_| {
        view! {
            <Choice
                name="Number"
                options=vec![(1, "one"), (2, "two")]
                chosen=Signal::derive(move || now.get())
                on_choose=move |number| write.set(Some(number))
            />
        }
    })
    .await;
    page.press("two").await;
    assert_eq!(chosen.get_untracked(), Some(2));
    page.until("it is pressed", || {
        page.control("two").get_attribute("aria-pressed").as_deref() == Some("true")
    })
    .await;
    assert_eq!(page.control("one").get_attribute("aria-pressed").as_deref(), Some("false"));
}

#[wasm_bindgen_test]
async fn details_stay_open_where_somebody_remembers_it() {
    let page = InPage::mount(|_| {
        let ui = expect_context::<crate::ui::Ui>();
        view! { <Details summary="More" open=ui.dns_open>"within"</Details> }
    })
    .await;
    page.press("More").await;
    page.until("it is remembered", || page.ui.dns_open.get_untracked()).await;
    page.ui.dns_open.set(false);
    page.until("it is folded", || page.count("details[open]") == 0).await;
}

#[wasm_bindgen_test]
async fn what_is_written_is_told_and_what_is_wrong_is_said() {
    let (text, wrong) = (signal_of(String::new()), signal_of(None::<String>));
    let (value, write, why) = (text.clone(), text.clone(), wrong.clone());
    let is_wrong = wrong.clone();
    let page = InPage::mount(move |_| {
        view! {
            <Form name="Words" on_submit=|| ()>
                <TextField
                    label="Word"
                    value=Signal::derive(move || value.get())
                    complaint=Signal::derive(move || is_wrong.read().is_some().then_some("why"))
                    on_input=move |text| write.set(text)
                />
                <Submit>"Send"</Submit>
            </Form>
            <Complaint id="why" words=Signal::derive(move || why.get())/>
        }
    })
    .await;
    page.write("Word", "blue").await;
    assert_eq!(text.get_untracked(), "blue");
    wrong.set(Some("Too blue.".into()));
    page.shows("Too blue.").await;
    assert_eq!(page.control("Word").get_attribute("aria-describedby").as_deref(), Some("why"));
}

#[wasm_bindgen_test]
async fn a_form_is_sent_by_its_button_unless_that_is_disabled() {
    let sent = Arc::new(AtomicU32::new(0));
    let disabled = signal_of(true);
    let (count, off) = (Arc::clone(&sent), disabled.clone());
    let page = InPage::mount(move |_| {
        let on_submit = move || {
            count.fetch_add(1, Ordering::Relaxed);
        };
        view! {
            <Form name="Words" on_submit>
                <Submit disabled=Signal::derive(move || off.get())>"Send"</Submit>
            </Form>
        }
    })
    .await;
    assert_eq!(page.control("Send").get_attribute("aria-disabled").as_deref(), Some("true"));
    page.press("Send").await;
    assert_eq!(sent.load(Ordering::Relaxed), 0);
    disabled.set(false);
    page.until("it says so", || page.control("Send").get_attribute("aria-disabled").is_none()).await;
    page.press("Send").await;
    assert_eq!(sent.load(Ordering::Relaxed), 1);
}

#[wasm_bindgen_test]
async fn a_value_that_is_refused_stays_written() {
    let value = signal_of("1".to_string());
    let (now, write) = (value.clone(), value.clone());
    let page = InPage::mount(move |_| {
        let apply = move |text: String| match text.parse::<u32>() {
            Ok(_) => {
                write.set(text);
                Ok(())
            }
            Err(_) => Err("A number is asked for.".to_string()),
        };
        view! {
            <ValueForm
                name="Form"
                label="Number"
                placeholder="1"
                complaint_id="wrong"
                value=Signal::derive(move || now.get())
                on_apply=apply
            />
        }
    })
    .await;
    let submit = || crate::in_page::dispatch(&page.find("form").expect("a form"), "submit");
    page.write("Number", "two").await;
    submit();
    page.shows("A number is asked for.").await;
    page.write("Number", "2").await;
    submit();
    page.until("it is applied", || value.get_untracked() == "2").await;
    page.until("nothing is wrong any more", || !page.text().contains("asked for")).await;
}

#[wasm_bindgen_test]
async fn one_of_a_list_is_chosen() {
    let chosen = signal_of("a".to_string());
    let (now, write) = (chosen.clone(), chosen.clone());
    let page = InPage::mount(move |_| {
        let options = vec![("a".to_string(), "A".to_string()), ("b".to_string(), "B".to_string())];
        view! {
            <Select
                name="Letter"
                options
                chosen=Signal::derive(move || now.get())
                on_choose=move |letter| write.set(letter)
            />
        }
    })
    .await;
    page.write("Letter", "b").await;
    assert_eq!(chosen.get_untracked(), "b");
}

#[wasm_bindgen_test]
async fn a_slider_says_its_value_in_words() {
    let value = signal_of(3_u32);
    let (now, words, write) = (value.clone(), value.clone(), value.clone());
    let page = InPage::mount(move |_| {
        view! {
            <Slider
                name="Speed"
                max=10
                value=Signal::derive(move || now.get())
                text=Signal::derive(move || format!("{} times", words.get()))
                on_input=move |speed| write.set(speed)
            />
        }
    })
    .await;
    page.write("Speed", "7").await;
    assert_eq!(value.get_untracked(), 7);
    page.until("it is said", || {
        page.control("Speed").get_attribute("aria-valuetext").as_deref() == Some("7 times")
    })
    .await;
}

#[wasm_bindgen_test]
async fn rates_are_chosen_in_steps() {
    let rate = signal_of(1_000_u32);
    let (now, write) = (rate.clone(), rate.clone());
    let page = InPage::mount(move |_| {
        view! { <RateSlider rate=Signal::derive(move || now.get()) on_input=move |milli| write.set(milli)/> }
    })
    .await;
    let slider = page.find("input[type=range]").expect("a slider");
    slider.unchecked_ref::<web_sys::HtmlInputElement>().set_value("0");
    crate::in_page::dispatch(&slider, "input");
    page.until("none a second", || rate.get_untracked() == 0).await;
}

#[wasm_bindgen_test]
async fn tags_facts_tables_and_listings_say_what_they_hold() {
    let page = InPage::mount(|_| {
        view! {
            <Tag tone=Tone::Good>"Ready"</Tag>
            <Facts><Fact name="Node">"node-1"</Fact></Facts>
            <Table columns=&["Name", "Age"]><tr><td>"web"</td><td>"1 s"</td></tr></Table>
            <Listing name="YAML" text="kind: Pod".to_string()/>
        }
    })
    .await;
    assert_eq!(page.find(".pk-tag.pk-good").and_then(|tag| tag.text_content()).as_deref(), Some("Ready"));
    assert_eq!(page.find("dt + dd").and_then(|fact| fact.text_content()).as_deref(), Some("node-1"));
    assert_eq!((page.count("th[scope=col]"), page.count("tbody td")), (2, 2));
    assert_eq!(page.control("YAML").text_content().as_deref(), Some("kind: Pod"));
}

#[wasm_bindgen_test]
async fn a_chip_is_taken_away() {
    let entries = signal_of(vec!["a".to_string(), "b".to_string()]);
    let (all, left) = (entries.clone(), entries.clone());
    let page = InPage::mount(move |_| {
        let remove = Arc::new(move |entry: &str| left.update(|entries| entries.retain(|e| e != entry)));
        view! {
            <For each=move || all.get() key=Clone::clone let:entry>
                {
                    let (remove, gone) = (Arc::clone(&remove), entry.clone());
                    view! { <Chip entry=entry.clone() on_remove=move || remove(&gone)>{entry}</Chip> }
                }
            </For>
        }
    })
    .await;
    page.press("Take away a").await;
    page.until("one is left", || page.text() == "b✕").await;
    assert_eq!(entries.get_untracked(), ["b"]);
}
