"""Routes in: recorded messages of other systems, through the door, to what they come to."""
