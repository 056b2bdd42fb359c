"""Time as something that is passed in; it stands below this part, for virtual time needs none of its policies."""

from groundwork._system_clock import Clock as Clock
from groundwork._system_clock import SystemClock as SystemClock
