-- One step of one process: what it reports, the slots it gets, and when its next step is due. See _limiter.py.
--
-- KEYS  state, then the cooling slots of each limit
-- ARGV  process; its statement: step, held, interactive and bulk waiters, slots answered and given up since the last
--       step, pause; the rules: patience, lease, given-up margin, max passed over, grace, then requests, seconds and
--       whether it is an allowance (1 or 0) of each limit. Numbers are separated by spaces, times are in seconds.
--
-- Returns the slots for interactive and for bulk waiters, the microseconds until the next step is due for the others
-- (0 if none waits) and the microseconds until the key can be used again, if that is beyond patience (else 0); and
-- nothing at all to a step that arrives after a later one of the same process.

local function numbers(text)
  local found = {}
  for number in string.gmatch(text, '%S+') do found[#found + 1] = tonumber(number) end
  return found
end

local state, me = KEYS[1], 'process:' .. ARGV[1]
local step, held, interactive, bulk, answered, given_up, pause = unpack(numbers(ARGV[2]))
local rules = numbers(ARGV[3])
local patience, lease, margin, max_passed_over, grace = unpack(rules)

local saved, records = {}, {}
local fields = redis.call('HGETALL', state)
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 8) == 'process:' then
    records[fields[i]] = numbers(fields[i + 1])
  else
    saved[fields[i]] = tonumber(fields[i + 1])
  end
end

-- The clock never goes back: if Redis's own does, this one continues from where it was.
local time = redis.call('TIME')
local offset = saved.offset or 0
local now = time[1] + time[2] / 1e6 + offset
local last = saved.now or now
if now < last then offset, now = offset + last - now, last end
local paused_until = math.max(saved.paused_until or 0, now + pause)
local passed_over = saved.passed_over or 0

local others, lapsed, mine = {}, {}, nil
for name, record in pairs(records) do
  local process = {name = name}
  process.lease_end, process.step, process.held, process.interactive, process.bulk, process.due_at, process.turn =
    unpack(record)
  if process.name == me then mine = process end
  if process.lease_end <= now then
    lapsed[#lapsed + 1] = process
  elseif process.name ~= me then
    -- A process that did not take its step when due no longer counts as waiting; its slots are its own until the
    -- lease ends.
    if process.due_at + grace < now then process.interactive, process.bulk = 0, 0 end
    others[#others + 1] = process
  end
end
if mine and step <= mine.step then return {} end

-- Used slots cool in buckets of a thousandth of their window, members "index:count". A bucket is free when the
-- last slot it may hold is: memory stays flat, and no slot is free too early.
local limits, keep = {}, 0
for i = 2, #KEYS do
  local requests, per, allowance = unpack(rules, 3 * i, 3 * i + 2)
  local limit = {key = KEYS[i], requests = requests, per = per, width = per / 1000, allowance = allowance == 1}
  limit.used = saved[limit.key]
  limits[#limits + 1] = limit
  keep = math.max(keep, math.ceil((limit.per + limit.width + margin + lease) * 1000))
end

local function parse(member)
  local index, count = string.match(member, '(%d+):(%d+)')
  return tonumber(index), tonumber(count)
end

local function sum(members)
  local total = 0
  for _, member in ipairs(members) do total = total + select(2, parse(member)) end
  return total
end

local function cool(limit, at, count)
  local index = math.ceil((at + limit.per) / limit.width)
  if count == 0 or index * limit.width <= now then return end
  limit.used = limit.used + count
  local present = redis.call('ZRANGEBYSCORE', limit.key, index, index)
  if present[1] then redis.call('ZREM', limit.key, present[1]) end
  redis.call('ZADD', limit.key, index, string.format('%.0f:%d', index, count + sum(present)))
  if not present[1] then redis.call('PEXPIRE', limit.key, keep) end
end

-- Alive, a process renews its lease within a third of it; what it sent before has arrived a margin later.
local function last_arrival(process)
  return process.lease_end - lease * 2 / 3 + margin
end

local function lapses(limit, process)
  return math.max(process.lease_end, last_arrival(process) + limit.per)
end

local in_flight = held
for _, process in ipairs(others) do in_flight = in_flight + process.held end
for _, limit in ipairs(limits) do
  local first = redis.call('ZRANGE', limit.key, 0, 0)[1]
  if not (first and limit.used) then limit.used = sum(redis.call('ZRANGE', limit.key, 0, -1)) end
  if first and parse(first) * limit.width <= now then
    local index = math.floor(now / limit.width)
    limit.used = limit.used - sum(redis.call('ZRANGEBYSCORE', limit.key, '-inf', index))
    redis.call('ZREMRANGEBYSCORE', limit.key, '-inf', index)
  end
  cool(limit, now, answered)
  cool(limit, now + margin, given_up)
  for _, process in ipairs(lapsed) do cool(limit, last_arrival(process), process.held) end
end
for _, process in ipairs(lapsed) do redis.call('HDEL', state, process.name) end

-- Nobody waits for a key that is closed, or whose allowance is used up, for longer than patience.
local open_at = paused_until
for _, limit in ipairs(limits) do
  if limit.allowance and limit.used >= limit.requests then
    open_at = math.max(open_at, parse(redis.call('ZRANGE', limit.key, 0, 0)[1]) * limit.width)
  end
end
local exhausted = open_at - now > patience
if exhausted then interactive, bulk = 0, 0 end

-- Who else waits, in all; whose step is due by now; and whose turn is before mine.
local turn = mine and mine.interactive + mine.bulk > 0 and mine.turn or now
local function rivals(lane)
  local found = {waiters = 0, due = 0, due_before = 0, before = 0}
  for _, process in ipairs(others) do
    if process[lane] > 0 then
      local due, before = process.due_at <= now and 1 or 0, process.turn < turn and 1 or 0
      found.waiters = found.waiters + process[lane]
      found.due, found.before = found.due + due, found.before + before
      found.due_before = found.due_before + due * before
    end
  end
  return found
end
local pages, batches = rivals('interactive'), rivals('bulk')

local free = 0
if paused_until <= now then
  free = math.huge
  for _, limit in ipairs(limits) do free = math.min(free, limit.requests - limit.used - in_flight) end
end

-- Slot by slot. Each process whose step is due by now has an even part, and one slot goes by turns.
local function takes(lane, available, taken)
  if taken == 0 then return available > lane.due_before end
  return taken * (1 + lane.due) < available + taken
end
local for_pages, for_batches, kept = 0, 0, false
while free > 0 do
  local bulk_waits = bulk > for_batches or batches.waiters > 0
  local bulk_first = bulk_waits and passed_over >= max_passed_over
  if bulk > for_batches and (bulk_first or
      interactive == for_pages and takes(batches, free - pages.waiters, for_batches)) then
    for_batches, passed_over = for_batches + 1, 0
  elseif bulk_first and not kept then
    kept = true
  elseif interactive > for_pages and takes(pages, free, for_pages) then
    for_pages, passed_over = for_pages + 1, bulk_waits and passed_over + 1 or 0
  else
    break
  end
  free = free - 1
end
interactive, bulk, held = interactive - for_pages, bulk - for_batches, held + for_pages + for_batches
in_flight = in_flight + for_pages + for_batches

-- The next free slot goes to the process that is first, the one after it to the second: each learns when, and nobody
-- else wakes. A slot in flight is free a window from now at the earliest, or when its process turns out to be dead.
-- Slots left for others here are theirs, unless they do not take their step.
local due_at = 0
if interactive + bulk > 0 then
  if for_pages + for_batches > 0 then turn, pages, batches = now, rivals('interactive'), rivals('bulk') end
  local left = math.max(0, free) + (kept and 1 or 0)
  local rank = math.max(1, 1 + (interactive > 0 and pages.before or pages.waiters + batches.before) - left)
  due_at = paused_until
  for _, limit in ipairs(limits) do
    local missing = rank - (limit.requests - limit.used - in_flight - left)
    if missing > 0 then
      local free_at = now + limit.per
      for _, member in ipairs(redis.call('ZRANGE', limit.key, 0, missing - 1)) do
        local index, count = parse(member)
        missing = missing - count
        if missing <= 0 then
          free_at = in_flight > 0 and math.min(free_at, index * limit.width) or index * limit.width
          break
        end
      end
      for _, process in ipairs(others) do
        if process.held > 0 then free_at = math.min(free_at, lapses(limit, process)) end
      end
      due_at = math.max(due_at, free_at)
    end
  end
  if left > 0 then due_at = math.min(due_at, now + grace) end
end

local changed = {'now', string.format('%.6f', now), 'offset', string.format('%.6f', offset),
  'paused_until', string.format('%.6f', paused_until), 'passed_over', passed_over}
local function change(field, value)
  changed[#changed + 1] = field
  changed[#changed + 1] = value
end
for _, limit in ipairs(limits) do change(limit.key, limit.used) end
if held + interactive + bulk > 0 then
  change(me, string.format('%.6f %d %d %d %d %.6f %.6f', now + lease, step, held, interactive, bulk, due_at, turn))
elseif mine then
  redis.call('HDEL', state, me)
end
redis.call('HSET', state, unpack(changed))
redis.call('PEXPIRE', state, keep)

local function microseconds(from_now)
  return math.max(1000, math.ceil(from_now * 1e6))
end
return {for_pages, for_batches, due_at > 0 and microseconds(due_at - now) or 0,
  exhausted and microseconds(open_at - now) or 0}
