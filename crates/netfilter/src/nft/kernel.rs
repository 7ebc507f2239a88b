//! nf_tables in a kernel: the table in force, and the elements that rules have added to its sets.

use std::sync::Arc;

use super::idle::{idle_chains, is_one_of};
use super::{DynamicSets, Run, Stage, Table};
use crate::Hook;
use crate::packet::{Outcome, Packet};

/// The table in force, and its dynamic sets.
#[derive(Clone, Debug)]
pub struct NfTables {
    table: Arc<Table>,
    pub sets: DynamicSets,
    idle: u64,
}

impl NfTables {
    /// A transaction that replaces the table. `sets`: the dynamic sets of the old one.
    pub(crate) fn commit(table: Arc<Table>, mut sets: DynamicSets) -> NfTables {
        sets.follow(&table);
        NfTables { idle: idle_chains(&table), table, sets }
    }

    /// A bit for each hook and stage where a base chain may do something.
    pub(crate) fn busy(&self) -> u16 {
        let mut busy = 0;
        for hook in Hook::ALL {
            for stage in [Stage::BeforeNat, Stage::Nat, Stage::AfterNat] {
                if !self.table.base_chains(hook, stage).iter().all(|base| is_one_of(self.idle, *base)) {
                    busy |= hook.bit(stage as u32);
                }
            }
        }
        busy
    }

    /// Runs one base chain after the other: a packet that one accepts still passes the next.
    pub(crate) fn run_chains(&mut self, stage: Stage, packet: &mut Packet<'_, '_>) -> Outcome {
        let bases = self.table.base_chains(packet.hook, stage);
        let (table, sets, idle) = (&*self.table, &mut self.sets, self.idle);
        let mut run = Run { table, sets, packet, element: None, before: None, idle };
        for &base in bases {
            let outcome = run.run(base);
            if outcome != Outcome::Accept {
                return outcome;
            }
        }
        Outcome::Accept
    }
}
