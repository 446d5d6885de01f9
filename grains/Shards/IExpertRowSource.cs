using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>The rows of a layer that go to experts, sorted by expert, then by token. Valid until the layer goes on.</summary>
internal interface IExpertRowSource
{
    /// <summary>Bytes of a row.</summary>
    int ExpertRowLength { get; }

    /// <summary>The token of each row; empty if every token has one row, or none.</summary>
    ReadOnlySpan<int> RowTokens { get; }

    /// <summary>Number of tokens.</summary>
    int Tokens { get; }

    /// <summary>The adapters of the step; null if none of them changes the layer's experts.</summary>
    AdapterMessage[]? Adapters { get; }

    /// <summary>The number of a row's adapter in <see cref="Adapters"/>, counted from 1; 0 for none.</summary>
    int AdapterOf(int row);

    /// <summary>Copies consecutive rows for a message.</summary>
    /// <param name="row">The first row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="target">Receives them.</param>
    /// <param name="to">Row of <paramref name="target"/> to begin at.</param>
    void CopyExpertRows(int row, int rows, RowBytes target, int to);
}
