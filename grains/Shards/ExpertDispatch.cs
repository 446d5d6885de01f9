using System.Diagnostics;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Rows of one layer that one expert group is to compute: which, and where they lie in the order they were routed.</summary>
/// <param name="holders">Groups that can, the one to ask first first.</param>
/// <param name="firstExpert">The first expert with rows.</param>
internal sealed class ExpertDispatch(ExpertTable.Group[] holders, int firstExpert)
{
    private readonly List<int> _counts = [];
    private readonly List<(int Row, int Count)> _pieces = [];
    private int _rows;

    /// <summary>The group to ask at an attempt.</summary>
    public string Holder(int attempt) => holders[attempt % holders.Length].Key;

    /// <summary>True where every holder has this expert too.</summary>
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

    /// <summary>Adds an expert's rows; experts come in ascending order.</summary>
    public void Add(int expert, int count, int row)
    {
        while (firstExpert + _counts.Count < expert)
        {
            _counts.Add(0);
        }

        _counts.Add(count);
        _pieces.Add((row, count));
        _rows += count;
    }

    /// <summary>The message with a copy of the rows.</summary>
    public ExpertMessage Message(int layer, Stage stage)
    {
        byte[] bytes = Rows.Allocate(_rows, stage.ExpertInput);
        int to = 0;
        foreach ((int row, int count) in _pieces)
        {
            Rows.Write(stage.ExpertInput, row, count, bytes, to);
            to += count;
        }

        return new ExpertMessage(layer, firstExpert, [.. _counts], bytes, Activity.Current?.Id ?? stage.Trace);
    }

    /// <summary>Puts what came back to the rows' places.</summary>
    public void Store(ExpertReply reply, Stage stage)
    {
        Rows.Check(reply.Rows, _rows, stage.ExpertOutput);
        int from = 0;
        foreach ((int row, int count) in _pieces)
        {
            Rows.Read(reply.Rows, from, stage.ExpertOutput, row, count);
            from += count;
        }
    }
}
