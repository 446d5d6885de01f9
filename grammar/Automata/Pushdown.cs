using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// Follows a text byte by byte through rules that call each other, all readings at once. Callers of the same rule at the same place
/// share its run, so ambiguity costs states, not paths. Remembers what it has seen, within bounds. Not thread-safe.
/// </summary>
internal sealed class Pushdown
{
    /// <summary>States and stacks remembered; beyond, memory starts anew: deep texts that never come again must not pile up.</summary>
    private const int MaxRemembered = 16_384;

    private readonly AutomatonScope _scope;
    private readonly Dictionary<Configuration[], PushdownState> _states = new(ConfigurationComparer.Instance);
    private readonly Dictionary<(Frame[] Frames, bool Bottom), FrameStack> _stacks = new(FrameComparer.Instance);
    private readonly Dictionary<RuleState, PushdownState> _alone = [];
    private readonly List<Configuration> _kernel = [];

    private readonly bool _inToken;

    /// <summary>Creates one over rules that <see cref="RuleCheck"/> has seen.</summary>
    /// <param name="scope">The constraint's bounds and ids.</param>
    /// <param name="inToken">
    /// True where no more than one token is followed from any state asked for; then states that no token can tell apart are one.
    /// </param>
    public Pushdown(AutomatonScope scope, bool inToken)
    {
        _scope = scope;
        _inToken = inToken;
    }

    /// <summary>The empty stack: what ends here ends the text.</summary>
    public FrameStack Empty { get; } = new(0, [], true);

    /// <summary>What nothing can follow and the text cannot end in: the byte was wrong.</summary>
    public PushdownState Dead { get; } = new([]);

    /// <summary>True once what is remembered has passed its bound.</summary>
    public bool IsFull => _states.Count + _stacks.Count > MaxRemembered;

    /// <summary>What it remembers in memory, in bytes, about.</summary>
    public long Size => 1000L * (_states.Count + _stacks.Count);

    /// <summary>Forgets states and stacks; those in use stay valid.</summary>
    public void Forget()
    {
        foreach (PushdownState state in _states.Values)
        {
            state.Next = default;
        }

        _states.Clear();
        _stacks.Clear();
        _alone.Clear();
    }

    /// <summary>The state after one more byte; <see cref="Dead"/> where it is not allowed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushdownState Step(PushdownState state, byte value) => state.Next.Get(value) ?? Compute(state, value);

    /// <summary>A rule state as if its rule were the whole grammar: what follows once it ends is not known.</summary>
    public PushdownState Alone(RuleState state)
    {
        if (!_alone.TryGetValue(state, out PushdownState? alone))
        {
            alone = StateOf([new Configuration(state, Empty)]);
            _alone.Add(state, alone);
        }

        return alone;
    }

    /// <summary>Several rule states in that way.</summary>
    /// <param name="states">In order of their ids, each once.</param>
    public PushdownState Alone(ReadOnlySpan<RuleState> states)
    {
        var kernel = new Configuration[states.Length];
        for (int i = 0; i < kernel.Length; i++)
        {
            kernel[i] = new Configuration(states[i], Empty);
        }

        return StateOf(kernel);
    }

    private PushdownState Compute(PushdownState state, byte value)
    {
        _scope.SpendStep(state.Active.Length);
        _kernel.Clear();
        foreach (Configuration active in state.Active)
        {
            if (active.State.Step(value) is { } next)
            {
                _kernel.Add(new Configuration(_inToken ? next.InToken : next, active.Stack));
            }
        }

        PushdownState target = _kernel.Count == 0 ? Dead : StateOf(Merged(_kernel));
        state.Next.Add(value, target);
        return target;
    }

    /// <summary>Puts configurations in order and those of the same rule state together.</summary>
    private Configuration[] Merged(List<Configuration> configurations)
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

            merged.Add(end == i + 1 ? configurations[i] : new Configuration(configurations[i].State, Union(configurations, i, end)));
            i = end;
        }

        return [.. merged];
    }

    private FrameStack Union(List<Configuration> configurations, int start, int end)
    {
        FrameStack first = configurations[start].Stack;
        bool same = true, bottom = false;
        List<Frame> frames = [];
        for (int i = start; i < end; i++)
        {
            same &= configurations[i].Stack == first;
            bottom |= configurations[i].Stack.Bottom;
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

        _scope.SpendStep(frames.Count);
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
            stack = new FrameStack(_scope.NextId(), key, bottom);
            _stacks.Add((key, bottom), stack);
        }

        return stack;
    }

    private PushdownState StateOf(Configuration[] kernel)
    {
        if (!_states.TryGetValue(kernel, out PushdownState? state))
        {
            state = new PushdownState(kernel);
            Settle(state);
            _states.Add(kernel, state);
        }

        return state;
    }

    private void Settle(PushdownState state)
    {
        if (state.Kernel is [var (only, stack)] && only.Calls.Length == 0 && (!only.Accepting || stack.Frames.Length == 0))
        {
            state.ReachesBottom = only.Accepting && stack.Bottom;
            state.Settled = state.Kernel;
            state.Active = only.ReadsBytes ? state.Kernel : [];
            return;
        }

        List<Configuration> settled = [.. state.Kernel];
        HashSet<Configuration>? seen = null;
        for (int i = 0; i < settled.Count; i++)
        {
            Configuration ended = settled[i];
            if (!ended.State.Accepting)
            {
                continue;
            }

            state.ReachesBottom |= ended.Stack.Bottom;
            foreach (Frame frame in ended.Stack.Frames)
            {
                seen ??= [.. settled];
                Configuration returned = new(frame.Return, frame.Parent);
                if (seen.Add(returned))
                {
                    settled.Add(returned);
                }
            }
        }

        _scope.SpendStep(settled.Count);
        state.Settled = [.. settled];
        state.Active = ActiveOf(settled);
    }

    /// <summary>Enters the rules called, callers before callees, so that each is entered once, on behalf of all its callers.</summary>
    private Configuration[] ActiveOf(List<Configuration> settled)
    {
        List<Configuration> active = [];
        SortedList<int, PendingCall>? pending = null;
        foreach (Configuration configuration in settled)
        {
            Enter(configuration);
        }

        while (pending is { Count: > 0 })
        {
            PendingCall call = pending.GetValueAtIndex(0);
            pending.RemoveAt(0);
            Enter(new Configuration(call.Callee.Start, StackOf(call.Frames, call.Bottom)));
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

                // A caller with nothing left to do is left out: its callers are waited for instead, so long lists stay flat.
                if (call.Return.IsEnd)
                {
                    entry.Frames.AddRange(stack.Frames);
                    entry.Bottom |= stack.Bottom;
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

        public bool Bottom { get; set; }
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
