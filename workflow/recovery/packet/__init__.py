"""The context packet: everything the next person needs, so that no customer is asked twice."""

from workflow.recovery.packet.packet import Packet, packet

__all__ = ["Packet", "packet"]
