using System.Buffers;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>The rows of one layer that one expert group computes, and their places in the routed order.</summary>
internal sealed class ExpertDispatch
{
    private readonly ExpertTable.Group[] _holders;
    private readonly int _turn;
    private readonly int _firstExpert;
    private readonly int[] _counts;
    private readonly int[] _firstRows;
    private int _experts;
    private int _rows;

    /// <summary>Creates a dispatch without rows.</summary>
    /// <param name="holders">The groups that hold the experts.</param>
    /// <param name="turn">Index of the group to prefer; the others follow in turn.</param>
    /// <param name="firstExpert">The first expert with rows.</param>
    /// <param name="experts">Most experts from the first on.</param>
    public ExpertDispatch(ExpertTable.Group[] holders, int turn, int firstExpert, int experts)
    {
        (_holders, _turn, _firstExpert) = (holders, turn, firstExpert);
        (_counts, _firstRows) = (new int[experts], new int[experts]);
    }

    /// <summary>Number of rows.</summary>
    public int RowCount => _rows;

    /// <summary>Name of the silo that is called first.</summary>
    public string Silo => _holders[_turn].Silo;

    /// <summary>Attempts to call a group, counted by the caller.</summary>
    public int Attempts { get; set; }

    /// <summary>The outputs of the rows; null until they have arrived.</summary>
    public ExpertReply? Reply { get; set; }

    /// <summary>Key of the group to call at an attempt, counted from 0.</summary>
    public string Holder(int attempt) => _holders[(_turn + attempt) % _holders.Length].Key;

    /// <summary>True if every holder has this expert too.</summary>
    public bool Covers(int expert)
    {
        foreach (ExpertTable.Group holder in _holders)
        {
            if (expert < holder.Range.FirstExpert || expert > holder.Range.LastExpert)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds the rows of an expert. Experts must be added in ascending order.</summary>
    /// <param name="expert">The expert.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="row">Index of the first row in the routed order.</param>
    public void Add(int expert, int count, int row)
    {
        int index = expert - _firstExpert;
        (_counts[index], _firstRows[index]) = (count, row);
        _experts = index + 1;
        _rows += count;
    }

    /// <summary>The message with a copy of the rows. The hidden state of a token that goes to several experts is in it once.</summary>
    public ExpertMessage Message(int layer, IExpertRowSource source) => source.Adapters is { } adapters
        ? AddAdapters(RowMessage(layer, source), source, adapters)
        : RowMessage(layer, source);

    /// <summary>Copies the outputs to the places of their rows.</summary>
    /// <param name="target">Receives them.</param>
    /// <param name="host">Memory for a target that is not in the memory of the host; null for one that is.</param>
    public void Store(IRowBuffer target, HostRows? host)
    {
        int from = 0;
        for (int next = 0; NextRange(ref next, out int row, out int count); from += count)
        {
            Rows.Read(Reply!.Rows, from, target, row, count, host);
        }
    }

    private ExpertMessage RowMessage(int layer, IExpertRowSource source)
    {
        int length = source.ExpertRowLength;
        int[] sources = source.RowTokens.IsEmpty ? [] : new int[_rows];
        int states = sources.Length == 0 ? _rows : FindStates(source, sources);
        RowBytes rows = RowBytes.Allocate(checked(states * length));
        int to = 0, at = 0;
        for (int next = 0; NextRange(ref next, out int row, out int count);)
        {
            if (states == _rows)
            {
                source.CopyExpertRows(row, count, rows, to);
                to += count;
                continue;
            }

            for (int i = 0; i < count; i++, at++)
            {
                if (sources[at] == to)
                {
                    source.CopyExpertRows(row + i, 1, rows, to++);
                }
            }
        }

        int[] counts = _experts == _counts.Length ? _counts : _counts[.._experts];
        return new ExpertMessage(layer, _firstExpert, counts, rows, states == _rows ? [] : sources);
    }

    // Of the step's adapters, the message has those of its own rows.
    private ExpertMessage AddAdapters(ExpertMessage message, IExpertRowSource source, AdapterMessage[] adapters)
    {
        int[] ofRow = new int[_rows], numbers = new int[adapters.Length];
        List<AdapterMessage> used = [];
        int at = 0;
        for (int next = 0; NextRange(ref next, out int row, out int count);)
        {
            for (int i = 0; i < count; i++, at++)
            {
                int adapter = source.AdapterOf(row + i);
                if (adapter > 0 && numbers[adapter - 1] == 0)
                {
                    used.Add(adapters[adapter - 1]);
                    numbers[adapter - 1] = used.Count;
                }

                ofRow[at] = adapter == 0 ? 0 : numbers[adapter - 1];
            }
        }

        return used.Count == 0 ? message : message with { Adapters = [.. used], AdapterOfRow = ofRow };
    }

    // Numbers the tokens in the order in which they come first, and returns how many there are.
    private int FindStates(IExpertRowSource source, int[] sources)
    {
        ReadOnlySpan<int> tokens = source.RowTokens;
        int[] states = ArrayPool<int>.Shared.Rent(source.Tokens);
        Array.Fill(states, -1, 0, source.Tokens);
        int found = 0, at = 0;
        for (int next = 0; NextRange(ref next, out int row, out int count);)
        {
            foreach (int token in tokens.Slice(row, count))
            {
                states[token] = states[token] < 0 ? found++ : states[token];
                sources[at++] = states[token];
            }
        }

        ArrayPool<int>.Shared.Return(states);
        return found;
    }

    // Rows of experts that follow each other in the routed order are one range.
    private bool NextRange(ref int expert, out int row, out int count)
    {
        (row, count) = (0, 0);
        for (; expert < _experts; expert++)
        {
            if (_counts[expert] > 0 && count > 0 && _firstRows[expert] != row + count)
            {
                return true;
            }

            row = count == 0 ? _firstRows[expert] : row;
            count += _counts[expert];
        }

        return count > 0;
    }
}
