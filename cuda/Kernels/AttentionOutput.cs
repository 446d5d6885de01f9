using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Where a lane of a warp writes the results of its two rows of a unit.</summary>
internal struct AttentionOutput
{
    public ulong Row0;
    public ulong Row1;
    public bool Has0;
    public bool Has1;
    public float Scale0;
    public float Scale1;

    /// <summary>Finds the addresses of a lane.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="state">The softmax state of the rows.</param>
    /// <param name="output">Address of the output.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="keyHead">Key/value head.</param>
    /// <param name="groupHeads">Query heads for each of them.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="format">F32 or Bf16, a constant.</param>
    public static AttentionOutput Of(
        AttentionUnit unit, Float4 state, ulong output, int stride, int lane, int keyHead, int groupHeads, int headSize, int format) => new()
    {
        Row0 = Address(AttentionRow.Of(unit, lane / 4, groupHeads), output, stride, lane, keyHead * groupHeads, headSize, format),
        Row1 = Address(AttentionRow.Of(unit, (lane / 4) + 8, groupHeads), output, stride, lane, keyHead * groupHeads, headSize, format),
        Has0 = lane / 4 < unit.Rows,
        Has1 = (lane / 4) + 8 < unit.Rows,
        Scale0 = Ptx.Divide(1f, state.B),
        Scale1 = Ptx.Divide(1f, state.D),
    };

    /// <summary>Divides sums by the sums of exponentials and writes them.</summary>
    /// <param name="target">The addresses.</param>
    /// <param name="sums">The sums of the rows at two columns.</param>
    /// <param name="tile">Which eight columns of the head.</param>
    /// <param name="format">F32 or Bf16, a constant.</param>
    public static void Write(AttentionOutput target, Float4 sums, int tile, int format)
    {
        ulong offset = (ulong)(tile * 8 * KvFormat.Bytes(format));
        if (target.Has0)
        {
            WriteRow(target.Row0 + offset, sums.A, sums.B, target.Scale0, format);
        }

        if (target.Has1)
        {
            WriteRow(target.Row1 + offset, sums.C, sums.D, target.Scale1, format);
        }
    }

    private static void WriteRow(ulong address, float first, float second, float scale, int format)
    {
        first = Ptx.Multiply(first, scale);
        second = Ptx.Multiply(second, scale);
        if (format == KvFormat.F32)
        {
            Ptx.StoreFloat(address, first);
            Ptx.StoreFloat(address + 4, second);
        }
        else
        {
            Ptx.StoreUint(address, Ptx.ToBf16Pair(first, second));
        }
    }

    private static ulong Address(AttentionRow row, ulong output, int stride, int lane, int firstHead, int headSize, int format) =>
        output + ((ulong)row.Token * (ulong)stride) + ((ulong)(((firstHead + row.Head) * headSize) + (lane % 4 * 2)) * (ulong)KvFormat.Bytes(format));
}
