//! What may be typed: one definition for parser, help and usage errors.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use farthing_types::Currency;
use url::Url;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "farthing",
    version,
    about = "A checkout that a merchant hosts alone: server, sandbox and commands",
    after_help = "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 outcome unknown.",
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run shop, server and sandbox in one process.
    Demo(Demo),
    /// Run the server.
    Serve {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Run the gateways' other side.
    Sandbox {
        /// Where to listen; port 0 takes a free one.
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8082")]
        listen: SocketAddr,
        /// Play Apple's host too, here; port 0 takes a free one.
        #[arg(long, value_name = "ADDR")]
        apple_listen: Option<SocketAddr>,
        /// Keep the keys of wallets' vendors in this directory; they are made anew at each start otherwise.
        #[arg(long, value_name = "DIR")]
        wallet_keys: Option<PathBuf>,
    },
    /// Check configuration, keys, clock, reachability and headers; print the PCI scope.
    Doctor {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Create, show or expire a checkout session.
    #[command(subcommand)]
    Session(Session),
    /// List, show or check payments.
    #[command(subcommand)]
    Payment(Payment),
    /// Create a link to the gateway's hosted form.
    #[command(subcommand)]
    Link(Link),
    /// Check a recorded callback.
    #[command(subcommand)]
    Callback(Callback),
    /// Make keys and certificate requests for Apple Pay; look into a recorded token.
    #[command(subcommand)]
    Applepay(Applepay),
}

/// `farthing demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The shop's port; server, sandbox and the wallets' origin take the next three. 0 takes free ones.
    #[arg(long, default_value_t = 8080, value_parser = demo_port)]
    pub(crate) port: u16,
    /// Keep the data in this directory; a temporary one is used otherwise.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

fn demo_port(text: &str) -> Result<u16, String> {
    let port = text.parse::<u16>().map_err(|_| "must be a port, 0 to 65532".to_owned())?;
    // Four ports belong to the demo.
    if port > u16::MAX - 3 {
        Err("must be at most 65532: server, sandbox and the wallets' origin follow".to_owned())
    } else {
        Ok(port)
    }
}

/// Where the server is, and who asks.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// The server's address.
    #[arg(long, env = "FARTHING_URL", value_name = "URL", value_parser = server_url)]
    pub(crate) url: Option<Url>,
    /// The merchant's secret key; better given in the environment as FARTHING_KEY or by --key-file, for arguments can be seen by others.
    // The variable is not the parser's: it would clash with --key-file, which has to win.
    #[arg(long, value_name = "KEY", conflicts_with = "key_file")]
    pub(crate) key: Option<Key>,
    /// A file that holds the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Print the server's JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A key as typed. Not printed.
#[derive(Clone)]
pub(crate) struct Key(pub(crate) String);

impl std::str::FromStr for Key {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

fn server_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("must be an absolute URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with https:// or http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user and no password".to_owned());
    }
    Ok(url)
}

/// The key that lets a call be repeated without being done twice.
#[derive(Debug, Args)]
pub(crate) struct Repeat {
    /// Repeat an earlier call: the key that was printed when its outcome was unknown.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

/// `farthing session …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// Create a session; its `url` is the checkout page.
    Create(Box<CreateSession>),
    /// Show a session.
    Show {
        /// The session's id, `ses_…`.
        id: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// End a session.
    Expire {
        /// The session's id, `ses_…`.
        id: String,
        #[command(flatten)]
        repeat: Repeat,
        #[command(flatten)]
        connection: Connection,
    },
}

/// What is to be paid.
#[derive(Debug, Args)]
pub(crate) struct OrderArguments {
    /// The merchant's order id.
    #[arg(long)]
    pub(crate) order_id: String,
    /// The amount in integer minor units: 1000 is EUR 10.00.
    #[arg(long, value_name = "MINOR", value_parser = minor_units)]
    pub(crate) amount: u64,
    /// ISO 4217 code.
    #[arg(long)]
    pub(crate) currency: Currency,
    /// What is being paid for, as the shopper reads it.
    #[arg(long)]
    pub(crate) purpose: Option<String>,
    /// A JSON file with the customer's data, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) customer: Option<PathBuf>,
    /// Where the shopper goes after success.
    #[arg(long, value_name = "URL")]
    pub(crate) success_url: Option<Url>,
    /// Where the shopper goes after failure.
    #[arg(long, value_name = "URL")]
    pub(crate) fail_url: Option<Url>,
    /// Where the shopper goes otherwise.
    #[arg(long, value_name = "URL")]
    pub(crate) return_url: Option<Url>,
    /// Where this order's webhooks go instead of the configured endpoint.
    #[arg(long, value_name = "URL")]
    pub(crate) webhook_url: Option<Url>,
    /// BCP 47 tag of the page's language.
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// Kept with the order and given back; may be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) metadata: Vec<(String, String)>,
}

/// `farthing session create`.
#[derive(Debug, Args)]
pub(crate) struct CreateSession {
    #[command(flatten)]
    pub(crate) order: OrderArguments,
    /// Allow later payments to be made from this one.
    #[arg(long)]
    pub(crate) recurrent: bool,
    /// Minimum days between two later payments.
    #[arg(long, value_name = "DAYS", requires = "recurrent")]
    pub(crate) recur_freq: Option<u32>,
    /// RFC 3339 time after which no later payment is made.
    #[arg(long, value_name = "TIME", requires = "recurrent")]
    pub(crate) recur_exp: Option<jiff::Timestamp>,
    /// Seconds until the session ends.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) expires_in: Option<u32>,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

fn minor_units(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "must be whole minor units, such as 1000 for EUR 10.00".to_owned())
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must look like NAME=VALUE".to_owned()),
    }
}

/// `farthing payment …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Payment {
    /// List payments, newest first.
    List {
        /// Only this order's.
        #[arg(long)]
        order_id: Option<String>,
        /// Only those in this state.
        #[arg(long, value_enum)]
        status: Option<Status>,
        /// Only those of this method, such as card or hosted.
        #[arg(long)]
        method: Option<String>,
        /// Only those made after this RFC 3339 time.
        #[arg(long, value_name = "TIME")]
        created_after: Option<jiff::Timestamp>,
        /// Go on where the last list ended.
        #[arg(long)]
        cursor: Option<String>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Show a payment with its history.
    Show {
        /// The payment's id, `pay_…`.
        id: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Ask the gateway for a payment's state now.
    Check {
        /// The payment's id, `pay_…`.
        id: String,
        #[command(flatten)]
        repeat: Repeat,
        #[command(flatten)]
        connection: Connection,
    },
}

/// A payment's state, as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The shopper has to do something at the bank or the gateway.
    RequiresAction,
    /// Under way, or not known.
    Processing,
    /// Reserved.
    Authorized,
    /// Taken.
    Paid,
    /// Nothing was taken.
    Failed,
    /// Voided.
    Canceled,
    /// Part was given back.
    PartiallyRefunded,
    /// All was given back.
    Refunded,
    /// A person has to look.
    NeedsAttention,
}

/// `farthing link …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Link {
    /// Create a link to the gateway's hosted form.
    Create {
        #[command(flatten)]
        order: Box<OrderArguments>,
        /// The customer's network address, if known.
        #[arg(long, value_name = "ADDR")]
        customer_ip: Option<std::net::IpAddr>,
        /// Offer mobile commerce with this phone number: digits only.
        #[arg(long, value_name = "DIGITS")]
        prefilled_phone: Option<String>,
        #[command(flatten)]
        repeat: Repeat,
        #[command(flatten)]
        connection: Connection,
    },
}

/// `farthing callback …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Callback {
    /// Check the signature of a recorded callback.
    Verify {
        /// Whose callback it is.
        #[arg(long, value_enum)]
        gateway: GatewayName,
        /// A file that holds the merchant secret; a final line break is not part of it.
        #[arg(long, value_name = "FILE")]
        secret_file: PathBuf,
        /// Print JSON: `valid`, and `gateway_order_id` if it is.
        #[arg(long)]
        json: bool,
        /// The callback's body as it arrived, or - for standard input.
        file: PathBuf,
    },
}

/// A gateway whose callbacks can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GatewayName {
    /// SmartCore.
    Smartcore,
}

/// `farthing applepay …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Applepay {
    /// Make keys and certificate requests for both certificates, and say what to do with them.
    Csr {
        /// Where the four files go; made if it is not there. Nothing that exists is overwritten.
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
        /// For mainland China: payment processing by RSA of 2048 bits instead of P-256.
        #[arg(long)]
        rsa: bool,
    },
    /// Verify and decrypt a recorded token; print JSON in which its number is masked.
    Verify(Box<VerifyToken>),
}

/// `farthing applepay verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyToken {
    /// The token's JSON as the browser sent it, or - for standard input.
    #[arg(value_name = "TOKEN.json")]
    pub(crate) token: PathBuf,
    /// The payment processing certificate, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// Its private key, PEM without a password.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Another root than Apple's, PEM: a sandbox's.
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
    /// RFC 3339 time that replaces the clock: when the token was made.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// Print the base64 that goes to the gateway instead. It is card data: do not keep it.
    #[arg(long)]
    pub(crate) expose_dpan: bool,
    /// The order's amount in integer minor units; without it the token's is printed and not compared.
    #[arg(long, value_name = "MINOR", value_parser = minor_units, requires = "currency")]
    pub(crate) amount: Option<u64>,
    /// The order's currency, ISO 4217 code.
    #[arg(long, value_name = "CUR", requires = "amount")]
    pub(crate) currency: Option<Currency>,
    /// The applicationData of the payment request; without it the token must have none.
    #[arg(long, value_name = "BASE64")]
    pub(crate) application_data: Option<Base64>,
}

/// Bytes, typed as standard base64.
#[derive(Clone, Debug)]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl std::str::FromStr for Base64 {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text);
        bytes.map(Self).map_err(|_| "must be standard base64 with padding")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_no_contradiction() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", Key("sk_secret".to_owned())), "Key(..)");
    }

    #[test]
    fn the_demo_leaves_room_for_four_ports() {
        assert_eq!(demo_port("8080"), Ok(8080));
        assert!(demo_port("65533").is_err());
        assert!(demo_port("many").is_err());
    }

    #[test]
    fn an_address_with_a_password_is_refused() {
        assert!(server_url("https://user:pass@pay.example").is_err());
        assert!(server_url("ftp://pay.example").is_err());
        assert!(server_url("https://pay.example").is_ok());
    }
}
