using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// Follows a text byte by byte through rules that call each other, and tracks all ways to parse it at once. Callers that call the same
/// rule at the same position share one run of it (a graph-structured stack), so ambiguity does not multiply the work. States and stacks
/// are cached up to a limit. Not thread-safe.
/// </summary>
internal sealed class PushdownAutomaton
{
    /// <summary>Maximum number of cached states and stacks. Deeply nested texts that never recur must not accumulate.</summary>
    private const int MaxCached = 16_384;

    private readonly GrammarContext _context;
    private readonly Dictionary<Configuration[], PushdownState> _states = new(ConfigurationComparer.Instance);
    private readonly Dictionary<(Frame[] Frames, bool Bottom), FrameStack> _stacks = new(FrameComparer.Instance);
    private readonly Dictionary<RuleState, PushdownState> _starts = [];
    private readonly List<Configuration> _kernel = [];
    private readonly bool _singleToken;

    /// <summary>Initializes the automaton. <see cref="RuleAnalyzer"/> must have run.</summary>
    /// <param name="context">The constraint's ids and limits.</param>
    /// <param name="singleToken">
    /// True if the caller never follows more than one token from a start state. Then states that no single token can distinguish are
    /// merged.
    /// </param>
    public PushdownAutomaton(GrammarContext context, bool singleToken)
    {
        _context = context;
        _singleToken = singleToken;
    }

    /// <summary>The empty stack: a rule that returns here ends the text.</summary>
    public FrameStack Empty { get; } = new(0, [], true);

    /// <summary>The state after a byte that is not allowed.</summary>
    public PushdownState Dead { get; } = new([]);

    /// <summary>True if the cache has passed its limit and should be cleared.</summary>
    public bool IsCacheFull => _states.Count + _stacks.Count > MaxCached;

    /// <summary>Estimated memory use of the cache in bytes.</summary>
    public long EstimatedBytes => 1000L * (_states.Count + _stacks.Count);

    /// <summary>Clears the cache. States and stacks that are still referenced stay valid.</summary>
    public void ClearCache()
    {
        foreach (PushdownState state in _states.Values)
        {
            state.Next = default;
        }

        _states.Clear();
        _stacks.Clear();
        _starts.Clear();
    }

    /// <summary>Returns the state after one more byte, or <see cref="Dead"/> if the byte is not allowed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushdownState Step(PushdownState state, byte value) => state.Next.Get(value) ?? ComputeStep(state, value);

    /// <summary>Returns the state that starts in a rule state with an empty stack: the rule is treated as the whole grammar.</summary>
    public PushdownState StartAt(RuleState state)
    {
        if (!_starts.TryGetValue(state, out PushdownState? start))
        {
            start = StateOf([new Configuration(state, Empty)]);
            _starts.Add(state, start);
        }

        return start;
    }

    /// <summary>Returns the state that starts in several rule states at once, each with an empty stack.</summary>
    /// <param name="states">The rule states, ordered by their ids, each once.</param>
    public PushdownState StartAt(ReadOnlySpan<RuleState> states)
    {
        var kernel = new Configuration[states.Length];
        for (int i = 0; i < kernel.Length; i++)
        {
            kernel[i] = new Configuration(states[i], Empty);
        }

        return StateOf(kernel);
    }

    private PushdownState ComputeStep(PushdownState state, byte value)
    {
        _context.SpendStep(state.Active.Length);
        _kernel.Clear();
        foreach (Configuration active in state.Active)
        {
            if (active.State.Step(value) is { } next)
            {
                _kernel.Add(new Configuration(_singleToken ? next.TokenEquivalent : next, active.Stack));
            }
        }

        PushdownState target = _kernel.Count == 0 ? Dead : StateOf(Merge(_kernel));
        state.Next.Add(value, target);
        return target;
    }

    /// <summary>Orders configurations and merges the stacks of those with the same rule state.</summary>
    private Configuration[] Merge(List<Configuration> configurations)
    {
        if (configurations.Count == 1)
        {
            return [configurations[0]];
        }

        configurations.Sort(static (a, b) => a.State.Id.CompareTo(b.State.Id));
        var merged = new List<Configuration>();
        for (int i = 0; i < configurations.Count;)
        {
            int end = i + 1;
            while (end < configurations.Count && configurations[end].State == configurations[i].State)
            {
                end++;
            }

            merged.Add(end == i + 1 ? configurations[i] : new Configuration(configurations[i].State, MergeStacks(configurations, i, end)));
            i = end;
        }

        return [.. merged];
    }

    private FrameStack MergeStacks(List<Configuration> configurations, int start, int end)
    {
        FrameStack first = configurations[start].Stack;
        bool same = true, bottom = false;
        List<Frame> frames = [];
        for (int i = start; i < end; i++)
        {
            same &= configurations[i].Stack == first;
            bottom |= configurations[i].Stack.HasBottom;
            frames.AddRange(configurations[i].Stack.Frames);
        }

        return same ? first : StackOf(frames, bottom);
    }

    private FrameStack StackOf(List<Frame> frames, bool bottom)
    {
        if (frames.Count == 0)
        {
            return Empty;
        }

        _context.SpendStep(frames.Count);
        frames.Sort();
        int kept = 0;
        for (int i = 0; i < frames.Count; i++)
        {
            if (kept == 0 || frames[i] != frames[kept - 1])
            {
                frames[kept++] = frames[i];
            }
        }

        Frame[] key = [.. CollectionsMarshal.AsSpan(frames)[..kept]];
        if (!_stacks.TryGetValue((key, bottom), out FrameStack? stack))
        {
            stack = new FrameStack(_context.NextId(), key, bottom);
            _stacks.Add((key, bottom), stack);
        }

        return stack;
    }

    private PushdownState StateOf(Configuration[] kernel)
    {
        if (!_states.TryGetValue(kernel, out PushdownState? state))
        {
            state = new PushdownState(kernel);
            Expand(state);
            _states.Add(kernel, state);
        }

        return state;
    }

    /// <summary>Computes the configurations that a new state reaches by returns and calls.</summary>
    private void Expand(PushdownState state)
    {
        if (state.Kernel is [var (only, stack)] && only.Calls.Length == 0 && (!only.Accepting || stack.Frames.Length == 0))
        {
            state.CanEnd = only.Accepting && stack.HasBottom;
            state.AfterReturns = state.Kernel;
            state.Active = only.ReadsBytes ? state.Kernel : [];
            return;
        }

        List<Configuration> reached = [.. state.Kernel];
        HashSet<Configuration>? seen = null;
        for (int i = 0; i < reached.Count; i++)
        {
            Configuration ended = reached[i];
            if (!ended.State.Accepting)
            {
                continue;
            }

            state.CanEnd |= ended.Stack.HasBottom;
            foreach (Frame frame in ended.Stack.Frames)
            {
                seen ??= [.. reached];
                Configuration returned = new(frame.Return, frame.Parent);
                if (seen.Add(returned))
                {
                    reached.Add(returned);
                }
            }
        }

        _context.SpendStep(reached.Count);
        state.AfterReturns = [.. reached];
        state.Active = ActiveOf(reached);
    }

    /// <summary>
    /// Enters the called rules in order of their ranks. All callers of a rule are known when it is entered, so it is entered once.
    /// </summary>
    private Configuration[] ActiveOf(List<Configuration> configurations)
    {
        List<Configuration> active = [];
        SortedList<int, PendingCall>? pending = null;
        foreach (Configuration configuration in configurations)
        {
            Enter(configuration);
        }

        while (pending is { Count: > 0 })
        {
            PendingCall call = pending.GetValueAtIndex(0);
            pending.RemoveAt(0);
            Enter(new Configuration(call.Callee.Start, StackOf(call.Frames, call.HasBottom)));
        }

        return [.. active];

        void Enter(in Configuration configuration)
        {
            (RuleState state, FrameStack stack) = configuration;
            if (state.ReadsBytes)
            {
                active.Add(configuration);
            }

            foreach (RuleCall call in state.Calls)
            {
                pending ??= [];
                if (!pending.TryGetValue(call.Callee.Rank, out PendingCall? entry))
                {
                    pending.Add(call.Callee.Rank, entry = new PendingCall(call.Callee));
                }

                // Tail call: the callee returns to the caller's callers directly, so long right-recursive lists do not deepen the stack.
                if (call.Return.IsEnd)
                {
                    entry.Frames.AddRange(stack.Frames);
                    entry.HasBottom |= stack.HasBottom;
                }
                else
                {
                    entry.Frames.Add(new Frame(call.Return, stack));
                }
            }
        }
    }

    private sealed class PendingCall(Rule callee)
    {
        public Rule Callee => callee;

        public List<Frame> Frames { get; } = [];

        public bool HasBottom { get; set; }
    }

    private sealed class ConfigurationComparer : IEqualityComparer<Configuration[]>
    {
        public static ConfigurationComparer Instance { get; } = new();

        public bool Equals(Configuration[]? x, Configuration[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(Configuration[] obj)
        {
            HashCode hash = default;
            foreach (Configuration configuration in obj)
            {
                hash.Add(configuration.State.Id);
                hash.Add(configuration.Stack.Id);
            }

            return hash.ToHashCode();
        }
    }

    private sealed class FrameComparer : IEqualityComparer<(Frame[] Frames, bool Bottom)>
    {
        public static FrameComparer Instance { get; } = new();

        public bool Equals((Frame[] Frames, bool Bottom) x, (Frame[] Frames, bool Bottom) y)
            => x.Bottom == y.Bottom && x.Frames.AsSpan().SequenceEqual(y.Frames);

        public int GetHashCode((Frame[] Frames, bool Bottom) obj)
        {
            HashCode hash = default;
            hash.Add(obj.Bottom);
            foreach (Frame frame in obj.Frames)
            {
                hash.Add(frame.Return.Id);
                hash.Add(frame.Parent.Id);
            }

            return hash.ToHashCode();
        }
    }
}
