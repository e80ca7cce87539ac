"""A lifecycle that declares a barometer, as small as tests need it."""

PARCEL = """
lifecycle: parcel
version: 1
title: Parcels
data:
  due_at: {type: string, format: date-time, required: true}
  kept_at: {type: string, format: date-time}
  team: {type: string}
  cause: {type: string}
  asked: {type: integer, required: true}
triggers:
  send:
    data:
      due_at: {type: string, format: date-time, required: true}
      team: {type: string}
      cause: {type: string}
  ask: {}
  arrive: {}
states: [on_the_way, {name: late}, {name: arrived, final: true}]
timeouts:
  deadline: {in: on_the_way, at: timestamp(data.due_at), on_timeout: lapse}
transitions:
  - {trigger: send, source: initial, dest: on_the_way, set: "merge(event.data, {'asked': 0})"}
  - {trigger: lapse, source: on_the_way, dest: late}
  - {trigger: ask, source: [on_the_way, late], set: {asked: =data.asked + 1}}
  - {trigger: arrive, source: [on_the_way, late], dest: arrived, set: {kept_at: =now}}
barometer:
  outcome: >-
    subject.state == 'on_the_way' ? 'open' : subject.state == 'late' ? 'lapsed'
    : timestamp(data.kept_at) <= timestamp(data.due_at) ? 'kept' : 'late'
  at: data.due_at
  settled_at: data.?kept_at.orValue(null)
  team: data.?team.orValue(null)
  cause: data.?cause.orValue(null)
  case: subject.parent
  count: data.asked
"""
