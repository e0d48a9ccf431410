//! `farthing applepay …`.

mod csr;
mod verify;

use crate::args::Applepay;
use crate::outcome::Result;

/// Runs the command.
pub(crate) fn run(command: Applepay) -> Result {
    match command {
        Applepay::Csr { out, rsa } => csr::run(&out, rsa),
        Applepay::Verify(arguments) => verify::run(&arguments),
    }
}
