"""The decisions of respond. Pure: one transition function over incidents, decisions, modes, ticks and outcomes."""

from services.respond.core.context import Timings
from services.respond.core.machine import RespondMachine
from services.respond.core.state import State

__all__ = ["RespondMachine", "State", "Timings"]
