"""The context packet: everything the next person needs, so that no customer is asked twice."""

from workflow.recovery.packet.packet import Packet, packet, packet_of

__all__ = ["Packet", "packet", "packet_of"]
