"""The first part of the script that Redis runs: what is known, the slots and the windows.

It stands in a module, because whatever freezes or packs a program takes its modules along, and other files only if
its author names them.
"""

STATE = """\
-- One step of one process: the translation of decide() in rate_limit/_decision.py, function by function, where each
-- rule is explained. A test holds the answers of both against each other.
--
-- KEYS  the state; the refused requests; then, of each limit, the used slots and those that BULK got
-- ARGV  the process; its statement: step, held, pages, batches, patience, answered, given up and how long ago,
--       refused, pause, after;
--       the rules: share, lease, renewal, margin, grace, outlook, max passed over, then of each limit requests, per,
--       whether it is an allowance, whether it is paced, step. Numbers are separated by spaces, times are whole
--       microseconds.
--
-- Returns the numbers of a Reply, in its order, with -1 for NEVER; nothing at all for a step that arrives after a later
-- one of the same process; and -1 alone where others state other rules.

local NEVER, WHOLE = math.huge, 1000000

local function numbers(text)
  local found = {}
  for number in string.gmatch(text, '%S+') do found[#found + 1] = tonumber(number) end
  return found
end

local function text(...)
  local shown = {}
  for i, number in ipairs({...}) do shown[i] = string.format('%.0f', number) end
  return table.concat(shown, ' ')
end

local function round_up(value, step)
  return math.ceil(value / step) * step
end

-- What is known ------------------------------------------------------------------------------------------------------

local me, said, rules = 'process:' .. ARGV[1], {}, {}
said.step, said.held, said.pages, said.batches, said.patience, said.answered, said.given_up,
  said.given_up_for, said.refused, said.pause, said.after = unpack(numbers(ARGV[2]))
local stated = numbers(ARGV[3])
rules.share, rules.lease, rules.renewal, rules.margin, rules.grace, rules.outlook,
  rules.max_passed_over = unpack(stated, 1, 7)

local totals, processes, state, rules_before = {}, {}, {}, ARGV[3]
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if string.sub(name, 1, 8) == 'process:' then
    local process = {name = name}
    process.lease_end, process.step, process.held, process.pages, process.batches, process.due_at, process.turn =
      unpack(numbers(value))
    if process.due_at < 0 then process.due_at = NEVER end
    processes[#processes + 1] = process
  elseif name == 'state' then
    state.now, state.offset, state.passed_over, state.paused_until, state.pauses, state.in_doubt, state.tried_at,
      state.allowed, state.allowed_before, state.passed, state.clean_since, state.lease =
      unpack(numbers(value))
  elseif name == 'rules' then
    rules_before = value
  else
    totals[name] = tonumber(value)
  end
end
if not state.now then
  state = {now = 0, offset = 0, passed_over = 0, paused_until = 0, pauses = 0, in_doubt = 0, tried_at = -1,
    passed = 0, clean_since = 0, lease = 0}
end
state.in_doubt = state.in_doubt == 1

local mine
for _, process in ipairs(processes) do
  if process.name == me then mine = process end
end
if mine and said.step <= mine.step then return {} end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2] + state.offset
if now < state.now then state.offset, now = state.offset + state.now - now, state.now end
if rules_before ~= ARGV[3] then
  if now < state.now + state.lease then return {-1} end
  state.allowed, state.allowed_before, state.passed = nil, nil, 0
end
state.now = now

-- Slots that come free: members "time:count" of a sorted set, by time -------------------------------------------------

local keep = 0

local function parse(member)
  local time, count = string.match(member, '(%d+):(%d+)')
  return tonumber(time), tonumber(count)
end

local function sum(members)
  local total = 0
  for _, member in ipairs(members) do total = total + select(2, parse(member)) end
  return total
end

local function cooling(key, step)
  local total = totals[key]
  if not total or redis.call('EXISTS', key) == 0 then total = sum(redis.call('ZRANGE', key, 0, -1)) end
  return {key = key, step = step, total = total}
end

local function add(slots, free_at, count)
  local at = string.format('%.0f', round_up(free_at, slots.step))
  local present = redis.call('ZRANGEBYSCORE', slots.key, at, at)
  if present[1] then redis.call('ZREM', slots.key, present[1]) end
  redis.call('ZADD', slots.key, at, at .. ':' .. string.format('%.0f', count + sum(present)))
  if not present[1] then redis.call('PEXPIRE', slots.key, keep) end
  slots.total = slots.total + count
end

local function drop(slots)
  local first = redis.call('ZRANGE', slots.key, 0, 0)[1]
  if first and parse(first) <= now then
    local until_now = string.format('%.0f', now)
    slots.total = slots.total - sum(redis.call('ZRANGEBYSCORE', slots.key, '-inf', until_now))
    redis.call('ZREMRANGEBYSCORE', slots.key, '-inf', until_now)
  end
end

local function nth_free_at(slots, count)
  if count <= 0 then return -NEVER end
  for _, member in ipairs(redis.call('ZRANGE', slots.key, 0, count - 1)) do
    local time, here = parse(member)
    count = count - here
    if count <= 0 then return time end
  end
  return NEVER
end

-- The windows ---------------------------------------------------------------------------------------------------------

local function allow(window, requests)
  window.allowed = requests
  window.reserve = math.min(math.ceil(requests * rules.share / WHOLE), requests - 1)
  window.burst, window.span = 0, 0
  if window.reserve > 0 and window.is_paced then
    window.burst = window.reserve
    window.span = math.ceil(window.per * window.burst / (requests - window.reserve))
  end
end

local windows, shortest = {}, nil
for i = 8, #stated, 5 do
  local window = {}
  local allowance, paced
  window.requests, window.per, allowance, paced, window.step = unpack(stated, i, i + 4)
  window.is_allowance, window.is_paced = allowance == 1, paced == 1
  keep = math.max(keep, math.ceil((window.per + window.step + rules.margin + rules.lease) / 1000))
  windows[#windows + 1] = window
  if not shortest or window.per < shortest.per then shortest = window end
end
for i, window in ipairs(windows) do
  window.used, window.paced = cooling(KEYS[2 * i + 1], window.step), cooling(KEYS[2 * i + 2], 1)
  allow(window, window.requests)
end
if state.allowed then allow(shortest, state.allowed) end
state.allowed_before = state.allowed_before or shortest.requests
local refused = cooling(KEYS[2], shortest.step)

local function free(window, in_flight)
  return window.allowed - window.used.total - in_flight
end

local function slot_free_at(slots, count, in_flight, per, place)
  local missing = place - (count - slots.total - in_flight)
  if missing <= 0 then return now end
  local uncertain = math.max(in_flight, count - slots.total)
  local rounds = math.max(0, math.ceil((missing - slots.total - uncertain) / count))
  missing = missing - rounds * count
  local at = nth_free_at(slots, missing)
  if at > now + per then at = math.max(now + per, nth_free_at(slots, missing - uncertain)) end
  return at + rounds * per
end

"""
