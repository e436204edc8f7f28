-- One step of one process: what it has to say, what it gets, and when it is to come again. See redis_limit.py.
--
-- KEYS  state, processes, then the cooling slots of each limit
-- ARGV  process; what it says: step, held, interactive and bulk waiters, slots answered and given up since the last
--       step, pause; the rules: patience, lease, given-up margin, most passed over, grace, then requests, seconds and
--       whether it is an allowance (1 or 0) of each limit. Numbers are separated by spaces, times are in seconds.
--
-- Returns the slots for interactive and for bulk waiters, the microseconds until the others should come again (0 if
-- none waits) and the microseconds until the key can be used again, if that is beyond patience (else 0); and
-- nothing at all to a step that comes after a later one of the same process.

local function numbers(text)
  local found = {}
  for number in string.gmatch(text, '%S+') do found[#found + 1] = tonumber(number) end
  return found
end

local state, processes, me = KEYS[1], KEYS[2], ARGV[1]
local step, held, interactive, bulk, answered, given_up, pause = unpack(numbers(ARGV[2]))
local rules = numbers(ARGV[3])
local patience, lease, margin, most_passed_over, grace = unpack(rules)

-- The clock never goes back: when Redis's own does, it goes on from where it was.
local saved = redis.call('HMGET', state, 'now', 'offset', 'paused_until', 'passed_over', unpack(KEYS, 3))
local time = redis.call('TIME')
local offset = tonumber(saved[2]) or 0
local now = time[1] + time[2] / 1e6 + offset
local last = tonumber(saved[1]) or now
if now < last then offset, now = offset + last - now, last end
local paused_until = math.max(tonumber(saved[3]) or 0, now + pause)
local passed_over = tonumber(saved[4]) or 0

local others, lapsed, mine = {}, {}, nil
local records = redis.call('HGETALL', processes)
for i = 1, #records, 2 do
  local field = numbers(records[i + 1])
  local process = {
    name = records[i], lease_end = field[1], step = field[2], held = field[3],
    interactive = field[4], bulk = field[5], told = field[6], turn = field[7],
  }
  if process.name == me then mine = process end
  if process.lease_end <= now then
    lapsed[#lapsed + 1] = process
  elseif process.name ~= me then
    -- Who did not come when told to is gone: nobody waits for it, though its slots are its own until the lease ends.
    if process.told + grace < now then process.interactive, process.bulk = 0, 0 end
    others[#others + 1] = process
  end
end
if mine and step <= mine.step then return {} end

-- Used slots cool in buckets of a thousandth of their window, members "index:count". A bucket comes free when the
-- last slot it may hold does: memory stays flat, and no slot is free too early.
local limits, keep = {}, 0
for i = 3, #KEYS do
  local requests, per, allowance = unpack(rules, 3 * i - 3, 3 * i - 1)
  local limit = {key = KEYS[i], requests = requests, per = per, width = per / 1000, allowance = allowance == 1}
  limit.used = tonumber(saved[i + 2])
  limits[#limits + 1] = limit
  keep = math.max(keep, math.ceil((limit.per + margin + lease) * 1000))
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
  redis.call('PEXPIRE', limit.key, keep)
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
  -- Alive, it would have renewed its lease after a third; what it sent has arrived a margin later.
  for _, process in ipairs(lapsed) do cool(limit, process.lease_end - lease * 2 / 3 + margin, process.held) end
end
for _, process in ipairs(lapsed) do redis.call('HDEL', processes, process.name) end

-- Nobody waits for a key that is closed, or whose allowance is used up, for longer than patience.
local open_at = paused_until
for _, limit in ipairs(limits) do
  if limit.allowance and limit.used >= limit.requests then
    open_at = math.max(open_at, parse(redis.call('ZRANGE', limit.key, 0, 0)[1]) * limit.width)
  end
end
local exhausted = open_at - now > patience
if exhausted then interactive, bulk = 0, 0 end

-- Who else waits, in all; who of them was told to come by now; and whose turn is before mine.
local turn = mine and mine.interactive + mine.bulk > 0 and mine.turn or now
local function rivals(lane)
  local found = {waiters = 0, due = 0, due_before = 0, before = 0}
  for _, process in ipairs(others) do
    if process[lane] > 0 then
      local due, before = process.told <= now and 1 or 0, process.turn < turn and 1 or 0
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

-- Slot by slot: each process that should be here by now finds one, in order of their turns.
local function takes(lane, available, taken)
  return available > (taken == 0 and lane.due_before or lane.due)
end
local for_pages, for_batches, kept = 0, 0, false
while free > 0 do
  local bulk_waits = bulk > for_batches or batches.waiters > 0
  local bulk_first = bulk_waits and passed_over >= most_passed_over
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

-- The next to come free goes to who is first, the one after it to the second: each is told when, and nobody else
-- is woken. What is in flight comes free a window from now at the earliest.
local told = 0
if interactive + bulk > 0 then
  if for_pages + for_batches > 0 then turn, pages, batches = now, rivals('interactive'), rivals('bulk') end
  local rank = 1 + (interactive > 0 and pages.before or pages.waiters + batches.before)
  told = paused_until
  for _, limit in ipairs(limits) do
    local missing = rank - (limit.requests - limit.used - in_flight)
    local free_at = missing > 0 and now + limit.per or now
    for _, member in ipairs(missing > 0 and redis.call('ZRANGE', limit.key, 0, missing - 1) or {}) do
      local index, count = parse(member)
      missing = missing - count
      if missing <= 0 then
        free_at = in_flight > 0 and math.min(free_at, index * limit.width) or index * limit.width
        break
      end
    end
    told = math.max(told, free_at)
  end
  if told <= now then told = now + grace end
end

if held + interactive + bulk > 0 then
  redis.call('HSET', processes, me, string.format('%.6f %d %d %d %d %.6f %.6f',
    now + lease, step, held, interactive, bulk, told, turn))
else
  redis.call('HDEL', processes, me)
end
local changed = {'now', string.format('%.6f', now), 'offset', string.format('%.6f', offset),
  'paused_until', string.format('%.6f', paused_until), 'passed_over', passed_over}
for _, limit in ipairs(limits) do
  changed[#changed + 1] = limit.key
  changed[#changed + 1] = limit.used
end
redis.call('HSET', state, unpack(changed))
redis.call('PEXPIRE', state, keep)
redis.call('PEXPIRE', processes, keep)
return {for_pages, for_batches, told > 0 and math.ceil((told - now) * 1e6) or 0,
  exhausted and math.ceil((open_at - now) * 1e6) or 0}
