using HunyuanOrleans.Cuda.Attention;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A query row of a unit.</summary>
internal struct AttentionRow
{
    /// <summary>Row of the batch.</summary>
    public int Token;

    /// <summary>Query head within its group.</summary>
    public int Head;

    /// <summary>Position in the sequence.</summary>
    public int Position;

    /// <summary>Finds row <paramref name="number"/> of a unit. Beyond the last, it is the last once more.</summary>
    public static AttentionRow Of(AttentionUnit unit, int number, int groupHeads)
    {
        int row = unit.FirstRow + (number < unit.Rows ? number : unit.Rows - 1);
        int token = row / groupHeads;
        return new AttentionRow { Token = unit.FirstToken + token, Head = row - (token * groupHeads), Position = unit.Start + token };
    }

    /// <summary>Bytes from the first query of the batch to that of a row.</summary>
    public static ulong QueryOffset(AttentionRow row, int keyHead, int keyHeads, int groupHeads, int queryBytes) =>
        (ulong)((row.Token * keyHeads * groupHeads) + (keyHead * groupHeads) + row.Head) * (ulong)queryBytes;
}
