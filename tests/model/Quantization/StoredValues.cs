using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>Reads what the kernels are given to pack, and multiplies it out.</summary>
internal static class StoredValues
{
    /// <summary>All values of a matrix of integers or 8-bit floats, row by row.</summary>
    public static float[] Read(RowSource source)
    {
        List<float> values = [];
        foreach (SourceRows rows in PackSources.Of(source))
        {
            for (int row = 0; row < rows.Count; row++)
            {
                ReadRow(rows, row, source.Columns, values);
            }
        }

        return [.. values];
    }

    private static void ReadRow(in SourceRows rows, int row, int columns, List<float> values)
    {
        byte[] codes = new byte[rows.Stride];
        float[] scales;
        byte[] zeroPoints = [];
        if (rows.Provider is { } provider)
        {
            scales = new float[provider.ScalesPerRow];
            zeroPoints = new byte[rows.Type is ElementType.U4 or ElementType.U8 ? scales.Length : 0];
            provider.Read(rows.ProvidedRow + row, 1, codes, scales, zeroPoints);
        }
        else
        {
            Marshal.Copy(rows.Address + (nint)(row * rows.Stride), codes, 0, codes.Length);
            SourceScales stored = rows.Scales!.Value;
            scales = new float[rows.Type == ElementType.I4 ? (columns + 31) / 32 : 1];
            byte[] bytes = new byte[scales.Length * stored.Type.Size()];
            Marshal.Copy(stored.Skip(row).Address, bytes, 0, bytes.Length);
            Conversion.ToSingles(bytes, stored.Type, scales);
        }

        int group = rows.Type switch
        {
            ElementType.I8 or ElementType.F8E4M3 => columns,
            ElementType.F8E4M3Block => 128,
            _ => 32,
        };
        for (int column = 0; column < columns; column++)
        {
            int nibble = (codes[column / (rows.Type is ElementType.I4 or ElementType.U4 ? 2 : 1)] >> (column % 2 * 4)) & 15;
            float code = rows.Type switch
            {
                ElementType.I4 => nibble - 8,
                ElementType.U4 => nibble - zeroPoints[column / 32],
                ElementType.U8 => codes[column] - zeroPoints[column / 32],
                ElementType.I8 => (sbyte)codes[column],
                _ => E4M3.ToSingle(codes[column]),
            };
            values.Add(code * scales[column / group]);
        }
    }
}
