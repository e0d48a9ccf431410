//! Logs: one JSON object per line on standard error, each line scrubbed before it is written.

use std::io::{self, Write};
use std::panic::PanicHookInfo;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::scrub::scrub;

/// Another subscriber is installed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("logging is set up already")]
pub struct AlreadySetUp;

/// Sends this process's logs to standard error, and makes panics say where they happened and nothing else.
///
/// `filter` is a list such as `info,farthing_server=debug`; what cannot be read of it is ignored.
pub fn install(filter: &str) -> Result<(), AlreadySetUp> {
    subscriber(filter, io::stderr).try_init().map_err(|_| AlreadySetUp)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// The subscriber that [`install`] installs, with another writer.
pub fn subscriber<W>(filter: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(filter);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        // A line that cannot be written (a full disk) is lost: saying so on standard error would panic where that is
        // the same file, in the middle of a payment.
        .log_internal_errors(false)
        .with_writer(Scrubbed(writer))
        .finish()
}

/// The payload stays unsaid: it may hold what a client sent.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location();
    tracing::error!(
        file = place.map_or("unknown", std::panic::Location::file),
        line = place.map_or(0, std::panic::Location::line),
        "a task panicked"
    );
}

/// Makes writers that scrub. Each event arrives in one `write_all`.
struct Scrubbed<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Scrubbed<W> {
    type Writer = ScrubbedLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        ScrubbedLine(self.0.make_writer())
    }
}

struct ScrubbedLine<W>(W);

impl<W: Write> Write for ScrubbedLine<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(buffer);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let mut out = scrub(line).into_owned();
        out.push('\n');
        self.0.write_all(out.as_bytes())?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(buffer);
            Ok(buffer.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, work: impl FnOnce()) -> Vec<serde_json::Value> {
        let memory = Memory::default();
        let writer = memory.clone();
        with_default(subscriber(filter, move || writer.clone()), work);
        let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    #[test]
    fn each_event_is_one_json_object_with_its_fields() {
        let lines = logged("info", || {
            let _span = tracing::info_span!("request", request_id = "req_1").entered();
            tracing::info!(status = 200, "request");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], "request");
        assert_eq!(lines[0]["status"], 200);
        assert_eq!(lines[0]["span"]["request_id"], "req_1");
        assert_eq!(lines[0]["level"], "INFO");
    }

    #[test]
    fn what_slipped_into_an_event_is_masked() {
        let lines = logged("info", || {
            tracing::info!(field = "4012 0000 0000 3010", "key sk_0123456789abcdef");
        });
        assert_eq!(lines[0]["field"], "[card]");
        assert_eq!(lines[0]["message"], "key sk_[…]");
    }

    #[test]
    fn a_line_break_in_a_value_does_not_make_a_second_line() {
        let lines = logged("info", || tracing::info!("one\r\n{{\"level\":\"ERROR\"}}"));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["level"], "INFO");
    }

    #[test]
    fn the_filter_decides_what_is_written() {
        assert!(logged("warn", || tracing::info!("quiet")).is_empty());
        assert_eq!(logged("???", || tracing::info!("default")).len(), 1);
    }
}
