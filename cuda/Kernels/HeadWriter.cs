using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Writes <see cref="HeadVector"/>s as queries, keys and values.</summary>
internal static class HeadWriter
{
    /// <summary>Writes a query as float32 or bfloat16, with zeros as padding.</summary>
    /// <param name="x">The query.</param>
    /// <param name="target">Its address.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="size">Elements of a head with padding.</param>
    /// <param name="format">A <see cref="KvFormat"/>, a constant.</param>
    public static void WriteQuery(Float4 x, ulong target, int lane, int headSize, int size, int format)
    {
        int half = headSize / 2;
        int wide = format == KvFormat.F32 ? KvFormat.F32 : KvFormat.Bf16;
        Write(x.A, target, lane, lane < half, 0, wide);
        Write(x.B, target, lane + 32, lane + 32 < half, 0, wide);
        Write(x.C, target, lane + half, lane < half, 0, wide);
        Write(x.D, target, lane + half + 32, lane + 32 < half, 0, wide);
        for (int i = headSize + lane; i < size; i += 32)
        {
            Write(0f, target, i, true, 0, wide);
        }
    }

    /// <summary>Writes the key of a position.</summary>
    /// <param name="x">The key.</param>
    /// <param name="head">Address of the head in the block.</param>
    /// <param name="position">Number of the position in the block.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="half">Elements of half a head.</param>
    /// <param name="size">Elements of a head with padding.</param>
    /// <param name="format">A <see cref="KvFormat"/>, a constant.</param>
    public static void WriteKey(Float4 x, ulong head, int position, int lane, int half, int size, int format)
    {
        uint scale = WriteScale(x, head + (ulong)(2 * KvLayout.ElementBytes(size, format)), position, lane, format);
        Write(x.A, head, KvLayout.Key(position, lane, size, format), lane < half, scale, format);
        Write(x.B, head, KvLayout.Key(position, lane + 32, size, format), lane + 32 < half, scale, format);
        Write(x.C, head, KvLayout.Key(position, lane + half, size, format), lane < half, scale, format);
        Write(x.D, head, KvLayout.Key(position, lane + half + 32, size, format), lane + 32 < half, scale, format);
    }

    /// <summary>Writes the value of a position.</summary>
    /// <inheritdoc cref="WriteKey"/>
    public static void WriteValue(Float4 x, ulong head, int position, int lane, int half, int size, int format)
    {
        uint scale = WriteScale(x, head + (ulong)(2 * KvLayout.ElementBytes(size, format)) + KvLayout.ScaleBytes, position, lane, format);
        ulong values = head + (ulong)KvLayout.ElementBytes(size, format);
        Write(x.A, values, KvLayout.Value(position, lane, size, format), lane < half, scale, format);
        Write(x.B, values, KvLayout.Value(position, lane + 32, size, format), lane + 32 < half, scale, format);
        Write(x.C, values, KvLayout.Value(position, lane + half, size, format), lane < half, scale, format);
        Write(x.D, values, KvLayout.Value(position, lane + half + 32, size, format), lane + 32 < half, scale, format);
    }

    private static uint WriteScale(Float4 x, ulong scales, int position, int lane, int format)
    {
        uint scale = 0;
        if (KvFormat.HasScales(format))
        {
            scale = KvQuantization.Scale(HeadVector.LargestMagnitude(x), format);
            if (lane == 0)
            {
                Ptx.StoreShort(scales + ((ulong)KvLayout.Scale(position) * 2), scale);
            }
        }

        return scale;
    }

    private static void Write(float x, ulong target, int element, bool exists, uint scale, int format)
    {
        if (exists)
        {
            ulong address = target + ((ulong)element * (ulong)KvFormat.Bytes(format));
            if (format == KvFormat.F32)
            {
                Ptx.StoreFloat(address, x);
            }
            else if (format == KvFormat.Bf16)
            {
                Ptx.StoreShort(address, Ptx.ToBf16Pair(x, 0f));
            }
            else
            {
                Ptx.StoreByte(address, KvQuantization.Code(x, scale, format));
            }
        }
    }
}
