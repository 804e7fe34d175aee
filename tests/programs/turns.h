/* Instead of step_wait.h, for every_call as a plug-in of two_at_once: each step is the end of
 * a turn.
 */
#define STEP_WAIT_H
#define step_wait take_turns

void take_turns(void);
