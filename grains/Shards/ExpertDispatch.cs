using System.Buffers;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>The rows of one layer that one expert group computes, and their places in the routed order.</summary>
/// <param name="holders">The groups that hold the experts, in order of preference.</param>
/// <param name="firstExpert">The first expert with rows.</param>
internal sealed class ExpertDispatch(ExpertTable.Group[] holders, int firstExpert)
{
    private readonly List<int> _counts = [];
    private readonly List<(int Row, int Count)> _ranges = [];
    private int _rows;

    /// <summary>Number of rows.</summary>
    public int RowCount => _rows;

    /// <summary>Name of the silo that is called first.</summary>
    public string Silo => holders[0].Silo;

    /// <summary>Key of the group to call at an attempt, counted from 0.</summary>
    public string Holder(int attempt) => holders[attempt % holders.Length].Key;

    /// <summary>True if every holder has this expert too.</summary>
    public bool Covers(int expert)
    {
        foreach (ExpertTable.Group holder in holders)
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
        while (firstExpert + _counts.Count < expert)
        {
            _counts.Add(0);
        }

        _counts.Add(count);
        if (_ranges.Count > 0 && _ranges[^1].Row + _ranges[^1].Count == row)
        {
            _ranges[^1] = (_ranges[^1].Row, _ranges[^1].Count + count);
        }
        else
        {
            _ranges.Add((row, count));
        }

        _rows += count;
    }

    /// <summary>The message with a copy of the rows. The hidden state of a token that goes to several experts is in it once.</summary>
    public ExpertMessage Message(int layer, IExpertRowSource source) => source.Adapters is { } adapters
        ? AddAdapters(RowMessage(layer, source), source, adapters)
        : RowMessage(layer, source);

    private ExpertMessage RowMessage(int layer, IExpertRowSource source)
    {
        int length = source.ExpertRowLength;
        int[] sources = source.RowTokens.IsEmpty ? [] : new int[_rows];
        int states = sources.Length == 0 ? _rows : FindStates(source, sources);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(states * length);
        if (states == _rows)
        {
            int to = 0;
            foreach ((int row, int count) in _ranges)
            {
                source.CopyExpertRows(row, count, bytes.AsSpan(to * length, count * length));
                to += count;
            }

            return new ExpertMessage(layer, firstExpert, [.. _counts], bytes, []);
        }

        int at = 0, next = 0;
        foreach ((int row, int count) in _ranges)
        {
            for (int i = 0; i < count; i++, at++)
            {
                if (sources[at] == next)
                {
                    source.CopyExpertRows(row + i, 1, bytes.AsSpan(next++ * length, length));
                }
            }
        }

        return new ExpertMessage(layer, firstExpert, [.. _counts], bytes, sources);
    }

    // Of the step's adapters, the message has those of its own rows.
    private ExpertMessage AddAdapters(ExpertMessage message, IExpertRowSource source, AdapterMessage[] adapters)
    {
        int[] ofRow = new int[_rows], numbers = new int[adapters.Length];
        List<AdapterMessage> used = [];
        int at = 0;
        foreach ((int row, int count) in _ranges)
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
        foreach ((int row, int count) in _ranges)
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

    /// <summary>Copies the outputs to the places of their rows.</summary>
    public void Store(ExpertReply reply, IRowBuffer target)
    {
        int from = 0;
        foreach ((int row, int count) in _ranges)
        {
            Rows.Read(reply.Rows, from, target, row, count);
            from += count;
        }
    }
}
