// counter_calls.h — the second page of counter.h, for what is around a call: records, the voice API's
// refusals.
#pragma once

// X(name, help)
#define OH_COUNTERS_CALLS(X)                                                                                 \
  X(agent_jobs_assigned, "jobs given to agents' workers")                                                    \
  X(agent_jobs_again, "jobs given out again because an agent was lost")                                      \
  X(agent_jobs_unjoined, "jobs taken from agents' workers because the agent did not join in time")           \
  X(agent_workers_flooding, "agents' workers cut off because they sent too many messages")                   \
  X(agent_jobs_refused, "jobs for agents' workers not taken: too many, or words that no token can carry")    \
  X(agent_drop_malformed, "messages of agents' workers that could not be read")                              \
  X(api_calls, "calls of the server API worked off")                                                         \
  X(api_refused, "calls of the server API answered with an error")                                           \
  X(checks_issued, "tokens issued for network checks")                                                       \
  X(far_webhooks, "webhooks taken from the LiveKit server that carries the calls")                           \
  X(far_webhooks_refused, "webhooks refused: not signed by our key, or not understood")                      \
  X(far_requests_failed, "requests to the LiveKit server that carries the calls that failed")                \
  X(data_track_received, "packets of data tracks received")                                                  \
  X(data_track_forwarded, "packets of data tracks sent to subscribers")                                      \
  X(data_track_drop_malformed, "packets of data tracks that do not parse or are too large")                  \
  X(data_track_drop_unknown, "packets of data tracks that are not published")                                \
  X(data_track_drop_slow, "packets of data tracks not sent to a subscriber that is too slow or not ready")   \
  X(data_track_refused, "data tracks not published and subscriptions to them not made")                      \
  X(data_blob_refused, "data blobs not stored or not found")                                                 \
  X(events_received, "events reported by buttons")                                                           \
  X(events_refused, "events reported by buttons that are not in the table")                                  \
  X(records_written, "events written to disk")                                                               \
  X(records_deleted, "events deleted from disk because of their age or for want of room")                    \
  X(records_lost, "events not written because of the disk, or because too many were waiting")                \
  X(voice_refused_request, "voice API requests refused: not understood, too large, no such address")         \
  X(voice_refused_origin, "voice API requests refused: the page's origin is not allowed")                    \
  X(voice_refused_site, "voice API requests refused: no such site")                                          \
  X(voice_refused_paused, "voice API requests refused: the site is paused")                                  \
  X(voice_refused_rate, "voice API requests refused: the address asks too often")                            \
  X(voice_refused_budget, "voice API requests refused: no more calls for today")                             \
  X(voice_refused_capacity, "voice API requests refused: too many calls at a time")                          \
  X(voice_refused_proof, "voice API requests answered with a puzzle")                                        \
  X(voice_refused_sign_in, "voice API requests refused: no valid sign-in")                                   \
  X(voice_refused_ticket, "voice API requests refused: an invitation or resume ticket is not valid")         \
  X(voice_refused_server, "voice API requests refused: the server is draining or failed")                    \
  X(proofs_solved, "puzzles that came back solved")                                                          \
  X(webhooks_queued, "webhook events that were to be sent, for each URL")                                    \
  X(webhooks_delivered, "webhook events that a receiver took")                                               \
  X(webhooks_failed, "tries to send a webhook event that failed; it is tried again")                         \
  X(webhooks_refused, "webhook events that a receiver refused for good (4xx)")                               \
  X(webhooks_expired, "webhook events given up after three days")                                            \
  X(webhooks_lost, "webhook events lost: no room for more, or the disk did not take them")                   \
  X(recordings_started, "recordings begun")                                                                  \
  X(recordings_failed, "recordings that failed, mostly because of the disk")                                 \
  X(recordings_lost, "packets missing in recordings because the server was overloaded")                      \
  X(calls_ended_duration, "calls ended because of max_duration")
