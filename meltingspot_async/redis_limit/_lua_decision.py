"""The second part of the script that Redis runs: the decision, on what the first part found."""

DECISION = """\
-- The decision --------------------------------------------------------------------------------------------------------

local function last_arrival(process)
  return process.lease_end - rules.lease + rules.renewal + rules.margin
end

local function cool(window, at, count)
  local free_at = at + window.per
  if count > 0 and free_at > now then add(window.used, free_at, count) end
end

local others = {}
for _, process in ipairs(processes) do
  if process.name ~= me then
    if process.lease_end > now then
      if process.due_at + rules.grace < now then process.pages, process.batches = 0, 0 end
      others[#others + 1] = process
    else
      for _, window in ipairs(windows) do cool(window, last_arrival(process), process.held) end
      redis.call('HDEL', KEYS[1], process.name)
    end
  end
end
local in_flight = said.held
for _, process in ipairs(others) do in_flight = in_flight + process.held end

for _, window in ipairs(windows) do
  drop(window.used)
  drop(window.paced)
  cool(window, now, said.answered)
  cool(window, now - said.given_up_for + rules.margin, said.given_up)
end
if state.tried_at >= 0 and said.answered > said.refused then state.in_doubt = false end

drop(refused)
if said.refused > 0 then
  add(refused, now + shortest.per, said.refused)
  if said.after >= state.pauses then
    state.pauses = state.pauses + 1
    state.paused_until = math.max(state.paused_until, now + said.pause)
    state.in_doubt, state.tried_at = true, -1
    state.allowed_before = shortest.allowed
    state.passed = shortest.used.total + in_flight - refused.total
  elseif said.after == state.pauses - 1 then
    state.passed = state.passed - said.refused
  end
  local passed = state.passed > 0 and state.passed or state.allowed_before
  allow(shortest, math.min(passed, state.allowed_before))
  state.clean_since = math.max(now, state.paused_until)
elseif shortest.allowed < shortest.requests and now - state.clean_since >= shortest.per then
  local clean = math.floor((now - state.clean_since) / shortest.per)
  state.clean_since = state.clean_since + clean * shortest.per
  allow(shortest, math.min(shortest.requests, shortest.allowed + clean))
end

local pages_open_at, batches_open_at = state.paused_until, state.paused_until
for _, window in ipairs(windows) do
  if window.is_allowance then
    local over = window.used.total - window.allowed + 1
    if over > 0 then pages_open_at = math.max(pages_open_at, nth_free_at(window.used, over)) end
    if over + window.reserve > 0 then
      batches_open_at = math.max(batches_open_at, nth_free_at(window.used, over + window.reserve))
    end
  end
end
batches_open_at = math.max(pages_open_at, batches_open_at)
local pages_closed, batches_closed = pages_open_at - now > said.patience, batches_open_at - now > said.patience
local pages, batches = pages_closed and 0 or said.pages, batches_closed and 0 or said.batches
local turn = mine and mine.pages + mine.batches > 0 and mine.turn or now

local function lane(name)
  local found = {waiters = 0, due = 0, due_before = 0, before = 0}
  for _, process in ipairs(others) do
    if process[name] > 0 then
      local due, before = process.due_at <= now and 1 or 0, process.turn < turn and 1 or 0
      found.waiters = found.waiters + process[name]
      found.due, found.before = found.due + due, found.before + before
      found.due_before = found.due_before + due * before
    end
  end
  return found
end
local other_pages, other_batches = lane('pages'), lane('batches')

local function is_tried()
  return state.in_doubt and in_flight > 0 and state.tried_at >= 0 and now < state.tried_at + shortest.per
end

local function free_now()
  if state.paused_until > now then return 0 end
  local least = NEVER
  for _, window in ipairs(windows) do least = math.min(least, free(window, in_flight)) end
  if state.in_doubt then return is_tried() and 0 or math.min(least, 1) end
  return least
end

local function takes(others_waiting, available, taken)
  if taken > 0 then return taken * (1 + others_waiting.due) < available + taken end
  return available > others_waiting.due_before
end

local function give()
  local available = free_now()
  if available <= 0 or pages + batches == 0 then return 0, 0, 0 end
  local beyond_reserve, beyond_day, in_pace = NEVER, NEVER, NEVER
  for _, window in ipairs(windows) do
    local here = free(window, in_flight)
    beyond_reserve = math.min(beyond_reserve, here - window.reserve)
    beyond_day = math.min(beyond_day, window.is_allowance and here - window.reserve or here)
    if window.burst > 0 then in_pace = math.min(in_pace, window.burst - window.paced.total) end
  end
  local for_pages, for_batches, kept, given = 0, 0, 0, 0
  while given < available do
    local bulk_waits = batches > for_batches or other_batches.waiters > 0
    local may_pace = in_pace > for_batches + kept
    local overdue = bulk_waits and may_pace and state.passed_over >= rules.max_passed_over and beyond_day > given
    if batches > for_batches and (overdue or may_pace and pages == for_pages and
        takes(other_batches, beyond_reserve - given - other_pages.waiters, for_batches)) then
      for_batches, state.passed_over = for_batches + 1, 0
    elseif overdue and kept == 0 then
      kept = 1
    elseif pages > for_pages and takes(other_pages, available - given, for_pages) then
      for_pages, state.passed_over = for_pages + 1, bulk_waits and state.passed_over + 1 or 0
    else
      break
    end
    given = given + 1
  end
  if state.in_doubt and for_pages + for_batches > 0 then state.tried_at = now end
  for _, window in ipairs(windows) do
    if window.burst > 0 and for_batches > 0 then add(window.paced, now + window.span, for_batches) end
  end
  local unused = pages > for_pages and available - given or
    math.min(beyond_reserve - given, in_pace - for_batches - kept)
  return for_pages, for_batches, math.max(0, unused) + kept
end

local for_pages, for_batches, left = give()
local held = said.held + for_pages + for_batches
in_flight = in_flight + for_pages + for_batches
pages, batches = pages - for_pages, batches - for_batches

local function slot_at(window, place)
  local at = slot_free_at(window.used, window.allowed, in_flight, window.per, place)
  for _, process in ipairs(others) do
    if process.held > 0 and at > now then
      at = math.min(at, math.max(process.lease_end, last_arrival(process) + window.per))
    end
  end
  return at
end

local function my_free_at()
  local free_at = NEVER
  if pages > 0 then
    free_at = now
    local place = 1 + math.max(left, other_pages.before)
    for _, window in ipairs(windows) do free_at = math.max(free_at, slot_at(window, place)) end
  end
  if batches > 0 then
    local before, pages_before, bulk_at = other_batches.before, other_pages.waiters, now
    local until_overdue = math.max(0, rules.max_passed_over * (1 + before) - state.passed_over)
    local is_overdue = pages_before > until_overdue or state.passed_over >= rules.max_passed_over
    local place = 1 + math.max(left, before + math.min(pages_before, until_overdue))
    for _, window in ipairs(windows) do
      local aside = is_overdue and not window.is_allowance and 0 or window.reserve
      bulk_at = math.max(bulk_at, slot_at(window, place + aside))
      if window.burst > 0 then
        local pace_place = 1 + math.max(left, before)
        bulk_at = math.max(bulk_at, slot_free_at(window.paced, window.burst, 0, window.span, pace_place))
      end
    end
    free_at = math.min(free_at, bulk_at)
  end
  free_at = math.max(free_at, state.paused_until)
  if is_tried() then free_at = math.max(free_at, state.tried_at + shortest.per) end
  return free_at
end

local free_at, due_at = NEVER, NEVER
if pages + batches > 0 then
  if for_pages + for_batches > 0 then
    turn = now
    other_pages, other_batches = lane('pages'), lane('batches')
  end
  free_at = my_free_at()
  due_at = math.min(free_at, now + rules.outlook)
  if left > 0 or (#others > 0 and is_tried()) then due_at = math.min(due_at, now + rules.grace) end
end

-- What is to be known next --------------------------------------------------------------------------------------------

local changes = {'rules', ARGV[3], 'state', text(state.now, state.offset, state.passed_over, state.paused_until,
  state.pauses, state.in_doubt and 1 or 0, state.tried_at, shortest.allowed, state.allowed_before, state.passed,
  state.clean_since, rules.lease)}
local function change(name, value)
  changes[#changes + 1] = name
  changes[#changes + 1] = value
end
change(refused.key, text(refused.total))
for _, window in ipairs(windows) do
  change(window.used.key, text(window.used.total))
  change(window.paced.key, text(window.paced.total))
end
if held + pages + batches > 0 then
  local due_shown = due_at < NEVER and due_at or -1
  change(me, text(now + rules.lease, said.step, held, pages, batches, due_shown, turn))
elseif mine then
  redis.call('HDEL', KEYS[1], me)
end
redis.call('HSET', KEYS[1], unpack(changes))
redis.call('PEXPIRE', KEYS[1], keep)

local reply = {for_pages, for_batches, free_at < NEVER and free_at - now or -1, due_at < NEVER and due_at - now or -1,
  pages_closed and pages_open_at - now or 0, batches_closed and batches_open_at - now or 0, state.pauses}
for _, window in ipairs(windows) do reply[#reply + 1] = math.max(0, free(window, in_flight)) end
return reply
"""
