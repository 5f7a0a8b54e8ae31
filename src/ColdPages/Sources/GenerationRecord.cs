namespace ColdPages;

/// <summary>
/// The generations of one memcg on one node over the passes that made them. The kernel keeps four at a time, which is two ages and all that is older; how the sizes of these changed from pass to pass
/// bounds what is older still. It holds for as long as nobody else makes a generation; then it begins anew, and everything counts as touched.
/// </summary>
internal sealed class GenerationRecord(int node)
{
    /// <summary>Steps ago that the kernel's generations are told apart up to: the oldest one, of four, has whatever is older too.</summary>
    private const int Oldest = 2;

    /// <summary>So many steps are remembered.</summary>
    private const int Remembered = 64;

    private readonly int[] _passes = new int[Remembered];

    // Anonymous pages at each step: last seen touched one step before; two steps before or more; and those that may have come among the latter without getting old.
    private readonly long[] _anonYoung = new long[Remembered];
    private readonly long[] _anonOld = new long[Remembered];
    private readonly long[] _anonIntruders = new long[Remembered];

    private readonly long[] _anon = new long[Oldest + 1];
    private readonly long[] _file = new long[Oldest + 1];
    private int _steps;

    // Steps whose sizes are known.
    private int _sized;

    // Old anonymous pages when the last step was commanded.
    private long _oldAtCommand;

    // Pages that may have been idle for any time when the pass before ended: nothing told how long.
    private long _undated;
    private long _undatedBefore;

    // Whether pages may be older than the record is: it began anew, and they were there before.
    private bool _beganAnew;

    public static long StateBytes => (Remembered * (sizeof(int) + (3 * sizeof(long)))) + (2 * (Oldest + 1) * sizeof(long)) + 272;

    public int Node => node;

    /// <summary>The youngest generation that the last step left; null where there is no step to go on from.</summary>
    public ulong? Youngest { get; private set; }

    /// <summary>The youngest generation that lru_gen shows, as far as it was read.</summary>
    public ulong Seen { get; private set; }

    /// <summary>How old that one is.</summary>
    public TimeSpan SeenAge { get; private set; }

    /// <summary>When the command of the last step was given.</summary>
    public long CommandedAt { get; private set; }

    /// <summary>The pass that made the last step; -1 where there is none.</summary>
    public int SteppedAt => _steps == 0 ? -1 : _passes[(_steps - 1) % Remembered];

    /// <summary>Anonymous pages, shared memory among them, in all generations.</summary>
    public long AnonPages => _anon[0] + _anon[1] + _anon[2];

    /// <summary>Whether the pass before told ages that it had steps for, and this one made the next step.</summary>
    public bool GoesOn => _steps > Oldest;

    /// <summary>
    /// Anonymous pages that this pass found idle no longer, though the pass before told them so, for certain: the last step found them touched, or they left the old generations in the short time that it took.
    /// </summary>
    public long PromotedAtLeast => !GoesOn ? 0 : Math.Max(0, Math.Min(_oldAtCommand - _anonIntruders[Last], ColdBefore) - _anonOld[Last]);

    private int Last => (_steps - 1) % Remembered;

    private long ColdBefore => _anonYoung[(_steps - 2) % Remembered] + _anonOld[(_steps - 2) % Remembered];

    /// <summary>What was seen by now says nothing any more.</summary>
    public void Restart()
    {
        _beganAnew = true;
        Youngest = null;
        _steps = _sized = 0;
    }

    /// <summary>As <see cref="PromotedAtLeast"/>, with what was freed or reclaimed since, as far as nobody else took its place.</summary>
    /// <param name="late">Pages that may have come into the oldest generation since the step, though they may be younger.</param>
    public long PromotedAtMost(long late) => !GoesOn ? 0 : Math.Clamp(ColdBefore - _anonOld[Last] + _anonIntruders[Last] + late, 0, ColdBefore);

    /// <summary>A pass made a generation, the one above those before.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="youngest">The generation.</param>
    /// <param name="commandedAt">When it was told to.</param>
    /// <param name="intruders">Anonymous pages that may have come into the oldest generation since the last step, though they may be younger.</param>
    /// <param name="oldPages">Anonymous pages of the generations that were old before, just before.</param>
    public void Step(int pass, ulong youngest, long commandedAt, long intruders, long oldPages)
    {
        _oldAtCommand = oldPages;
        Youngest = youngest;
        CommandedAt = commandedAt;
        _passes[_steps % Remembered] = pass;
        _anonIntruders[_steps % Remembered] = intruders;
        _steps++;
    }

    /// <summary>Pages that may have been idle for any time before the record began, and that this pass did not find idle still.</summary>
    public long UndatedPromoted(long late) =>
        _steps == Oldest ? Math.Clamp(_undatedBefore - _anonYoung[Last] - _anonOld[Last] + _anonIntruders[Last] + late, 0, _undatedBefore) : _undatedBefore;

    /// <summary>Forgets the sizes, which are to be added anew.</summary>
    public void ClearSizes()
    {
        Seen = 0;
        SeenAge = default;
        _anon.AsSpan().Clear();
        _file.AsSpan().Clear();
    }

    /// <summary>Sees that there is a generation.</summary>
    public void See(ulong generation, ulong ageMilliseconds)
    {
        if (generation >= Seen)
            (Seen, SeenAge) = (generation, TimeSpan.FromMilliseconds(Math.Min(ageMilliseconds, int.MaxValue)));
    }

    /// <summary>Adds what a generation has.</summary>
    public void Add(ulong generation, long anonPages, long filePages)
    {
        // Made by the last step, it has what came since; the one below has what that step found touched.
        int stepsAgo = Youngest is { } youngest && generation + 1 < youngest ? (int)Math.Min(youngest - 1 - generation, (ulong)Math.Min(Oldest, Math.Max(0, _steps - 1))) : 0;
        _anon[stepsAgo] += anonPages;
        _file[stepsAgo] += filePages;
    }

    /// <summary>Whether a generation of now was old already when the last step had been made, so that the next finds those in it touched again that are.</summary>
    public bool IsOld(ulong generation) => Youngest is { } youngest && generation + Oldest <= youngest;

    /// <summary>All sizes are added: those of the last step are remembered.</summary>
    public void EndSizes()
    {
        _undatedBefore = _undated;
        _undated = _beganAnew && _steps < Oldest ? AnonPages : 0;
        if (_steps == 0)
            return;
        _anonYoung[Last] = _anon[1];
        _anonOld[Last] = _anon[2];
        _sized = _steps;
    }

    /// <summary>Adds for each age, in passes, the pages that are as old or older: of anonymous memory at least and at most, of page cache at most.</summary>
    public void AddTo(Span<long> anonAtLeast, Span<long> anonAtMost, Span<long> fileAtMost)
    {
        long all = AnonPages;
        anonAtLeast[0] += all;
        anonAtMost[0] += all;
        AddAnon(_steps, all, anonAtLeast, anonAtMost);

        long file = _file[0] + _file[1] + _file[2];
        fileAtMost[0] += file;
        int age = 1;
        for (int step = 1; step < Math.Min(_steps, Remembered); step++)
        {
            file = step < Oldest ? _file[1] + _file[2] : _file[2];
            for (int end = Math.Min(AgeOf(_steps, step), fileAtMost.Length - 1); age <= end; age++)
                fileAtMost[age] += file;
        }

        for (; MayBeOlder(_steps) && age < fileAtMost.Length; age++)
            fileAtMost[age] += file;
    }

    /// <summary>As <see cref="AddTo"/>, of the idle anonymous pages that the pass before told.</summary>
    public void AddBefore(Span<long> anonAtLeast, Span<long> anonAtMost)
    {
        if (GoesOn)
            AddAnon(_steps - 1, 0, anonAtLeast, anonAtMost);
    }

    /// <summary>As <see cref="AddBefore"/>, at most, where the record is about to begin anew.</summary>
    public void AddLost(Span<long> anonAtLeast, Span<long> anonAtMost)
    {
        if (_sized >= Oldest)
            AddAnon(_sized, 0, anonAtLeast, anonAtMost);
    }

    // How many passes before a step an earlier one was made.
    private int AgeOf(int steps, int step) => _passes[(steps - 1) % Remembered] - _passes[(steps - 1 - step) % Remembered];

    // Beyond what is remembered, or was before the record began: perhaps.
    private bool MayBeOlder(int steps) => _beganAnew || steps >= Remembered - 1;

    private void AddAnon(int steps, long all, Span<long> atLeastByAge, Span<long> atMostByAge)
    {
        int age = 1;
        long atLeast = 0;
        long atMost = all;

        // One step less than are remembered: another may have been made since.
        for (int step = 1; step < Math.Min(steps, Remembered - 1); step++)
        {
            int last = (steps - 1) % Remembered;
            int then = steps - 1 - step;
            if (step == 1)
            {
                atLeast = atMost = _anonYoung[last] + _anonOld[last];
            }
            else if (step == Oldest)
            {
                atLeast = atMost = _anonOld[last];
            }
            else
            {
                // What was younger when this many steps less had been made may be among those that are old by now, and what was not yet old then is not as old now.
                int entered = (then + Oldest) % Remembered;
                atLeast = Math.Max(0, atLeast - _anonYoung[entered] - _anonIntruders[(then + Oldest + 1) % Remembered]);
                atMost = Math.Max(atLeast, Math.Min(atMost, _anonOld[entered]));
            }

            for (int end = Math.Min(AgeOf(steps, step), atLeastByAge.Length - 1); age <= end; age++)
            {
                atLeastByAge[age] += atLeast;
                atMostByAge[age] += atMost;
            }
        }

        for (; MayBeOlder(steps) && age < atLeastByAge.Length; age++)
            atMostByAge[age] += atMost;
    }
}
