"""A lifecycle that opens lamps and sends them events, for tests about what a receiver refuses."""

FITTER = """
lifecycle: fitter
version: 1
triggers:
  order: {data: {lamp: {type: string}, level: {}}}
  dim: {data: {level: {}}}
  tell: {data: {lamp: {type: string}}}
states:
  - {name: waiting}
transitions:
  - trigger: order
    source: initial
    dest: waiting
    effects:
      - open: {lifecycle: lamp, id: =event.data.lamp, trigger: press, data: {level: =event.data.level}}
  - {trigger: order, source: waiting, effects: [
      {open: {lifecycle: lamp, id: =event.data.lamp, trigger: press, data: {level: =event.data.level}}}]}
  - {trigger: dim, source: waiting, effects: [
      {emit: {to: children, trigger: press, data: {level: =event.data.level}}}]}
  - {trigger: tell, source: waiting, effects: [
      {emit: {to: "='lamp:' + event.data.lamp", trigger: fail}}]}
"""
