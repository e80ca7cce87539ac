"""A lifecycle with a little of everything: what is lent, extended, overdue, lost."""

from __future__ import annotations

from datetime import timedelta

from state_machines.definitions.lifecycle import Lifecycle, load
from tests.workflow.world import World

LOAN = """\
edition: 2
lifecycle: loan
version: 1
data:
  customer: text
  extended: {type: integer, default: 0}
guards:
  may_extend: data.extended < 2
triggers:
  lend: {data: {customer: required}}
  extend: {}
  due: {from: timer}
  give_back: {data: {broken: boolean}}
  lose: {}
  praise: {from: [outside, timer]}
states:
  - {name: lent}
  - name: overdue
    on_enter: {task: {name: shop.remind, kwargs: {who: =data.customer}}, when: data.customer != 'cat'}
  - {name: back, final: true}
  - {name: repaired, final: true}
  - {name: lost, final: true}
transitions:
  - {trigger: lend, source: initial, dest: lent, change: [copy: [customer]]}
  - {trigger: extend, source: lent, if: may_extend, change: [increment: extended], restart: deadline}
  - {trigger: extend, source: lent, dest: overdue}
  - {trigger: due, source: lent, dest: overdue}
  - {trigger: give_back, source: [lent, overdue], dest: repaired, if: event.data.?broken.orValue(false)}
  - {trigger: give_back, source: [lent, overdue], dest: back}
  - {trigger: lose, source: '*', dest: lost, unless: data.customer == 'bank'}
  - {trigger: praise, source: any}
timeouts:
  deadline: {in: lent, after: P7D, on_timeout: due}
  reminder: {in: overdue, every: P1D, on_timeout: praise, when: data.extended > 0}
"""


def loan() -> Lifecycle:
    """The lifecycle."""
    return load(LOAN, "loan.yaml")


def lent_and_given_back(world: World, key: str = "loan:1") -> None:
    """Extended once, back in time."""
    world.post("loan.lend", key, {"customer": "ada"})
    world.post("loan.extend", key)
    world.advance(timedelta(days=6))
    world.post("loan.give_back", key)


def forgotten(world: World, key: str = "loan:2") -> None:
    """Overdue after a week, then given back."""
    world.post("loan.lend", key, {"customer": "cat"})
    world.advance(timedelta(days=8))
    world.post("loan.give_back", key)


def extended_too_often(world: World, key: str = "loan:3") -> None:
    """The third time it is overdue; it is lost."""
    world.post("loan.lend", key, {"customer": "bob"})
    for _ in range(3):
        world.post("loan.extend", key)
    world.post("loan.lose", key)


def of_the_bank(world: World, key: str = "loan:4") -> None:
    """The bank loses nothing."""
    world.post("loan.lend", key, {"customer": "bank"})
    world.post("loan.lose", key)
