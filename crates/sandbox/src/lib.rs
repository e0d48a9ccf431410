//! The other side of each gateway: stateful, offline, with fault switches.
