"""The table `steps` of v2, in the making: v1's rooms, but for what a part is counted under."""
