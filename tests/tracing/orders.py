"""A lifecycle of a shop: an order opens a parcel, whose timer tells the customer that it has come."""

ORDER = """
lifecycle: order
version: 1
data:
  email: {type: string, required: true, personal: true}
  url: {type: string, required: true}
triggers:
  place: {data: {email: {type: string, required: true, personal: true}, url: {type: string, required: true}}}
  packed: {}
states:
  - {name: placed}
  - {name: packed, final: true}
transitions:
  - trigger: place
    source: initial
    dest: placed
    set: {email: =event.data.email, url: =event.data.url}
    effects:
      - open: {lifecycle: parcel, trigger: pack, id: =subject.id, data: {email: =data.email, url: =data.url}}
  - {trigger: packed, source: placed, dest: packed}
"""

PARCEL = """
lifecycle: parcel
version: 1
data:
  email: {type: string, required: true, personal: true}
  url: {type: string, required: true}
triggers:
  pack: {data: {email: {type: string, required: true, personal: true}, url: {type: string, required: true}}}
  labelled: {data: {result: {type: integer}}}
states:
  - {name: packed, timeout: WAIT, on_timeout: arrive}
  - {name: there, final: true}
transitions:
  - trigger: pack
    source: initial
    dest: packed
    set: {email: =event.data.email, url: =event.data.url}
    effects:
      - emit: {to: parent, trigger: packed}
      - notice: {to: "={'email': data.email, 'url': data.url}", channel: CHANNEL, about: nudge,
                 title: Your parcel, words: It is packed}
      - task: {name: post.label, queue: post, args: [=subject.id], succeeded: labelled}
  - {trigger: labelled, source: packed}
  - trigger: arrive
    source: packed
    dest: there
    effects:
      - notice: {to: "={'email': data.email, 'url': data.url}", channel: CHANNEL, about: nudge,
                 title: Your parcel, words: It has come}
"""


def sources(channel: str = "email", wait: str = "P3D") -> dict[str, str]:
    """The two definitions by name: notices go over this channel, and a parcel takes so long."""
    parcel = PARCEL.replace("CHANNEL", channel).replace("WAIT", wait)
    return {"order": ORDER, "parcel": parcel}
