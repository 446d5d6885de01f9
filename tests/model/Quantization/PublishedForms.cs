using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Tests.Checkpoints;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>Writes a matrix of integers as GPTQ, AWQ and compressed-tensors store it, one code at a time from the published rules.</summary>
internal static class PublishedForms
{
    // The order of outputs in a number of AWQ, from the lowest bits on.
    private static readonly int[] AwqOrder = [0, 2, 4, 6, 1, 3, 5, 7];

    /// <summary>qweight, qzeros, scales and g_idx of GPTQ.</summary>
    /// <param name="module">Name of the module.</param>
    /// <param name="m">The matrix.</param>
    /// <param name="second">Whether zero points are stored as they are, as in the second version, or minus one.</param>
    public static IEnumerable<TensorData> Gptq(string module, IntegerMatrix m, bool second = false)
    {
        int per = 32 / m.Bits, mask = (1 << m.Bits) - 1;
        uint[] weights = new uint[m.Columns / per * m.Rows], zeros = new uint[m.Groups * (m.Rows / per)];
        for (int row = 0; row < m.Rows; row++)
        {
            for (int column = 0; column < m.Columns; column++)
            {
                weights[(column / per * m.Rows) + row] |= (uint)m.Code(row, column) << (column % per * m.Bits);
            }

            for (int group = 0; group < m.Groups; group++)
            {
                uint stored = (uint)((m.ZeroPoint(row, group) - (second ? 0 : 1)) & mask);
                zeros[(group * (m.Rows / per)) + (row / per)] |= stored << (row % per * m.Bits);
            }
        }

        yield return Numbers(module + ".qweight", weights, m.Columns / per, m.Rows);
        yield return Numbers(module + ".qzeros", zeros, m.Groups, m.Rows / per);
        yield return TransposedScales(module + ".scales", m);
        yield return Numbers(module + ".g_idx", [.. Enumerable.Range(0, m.Columns).Select(c => (uint)(c / m.Group))], m.Columns);
    }

    /// <summary>qweight, qzeros and scales of AWQ in the layout of its gemm kernels.</summary>
    public static IEnumerable<TensorData> Awq(string module, IntegerMatrix m)
    {
        uint[] weights = new uint[m.Columns * (m.Rows / 8)], zeros = new uint[m.Groups * (m.Rows / 8)];
        for (int number = 0; number < m.Rows / 8; number++)
        {
            for (int place = 0; place < 8; place++)
            {
                int row = (number * 8) + AwqOrder[place];
                for (int column = 0; column < m.Columns; column++)
                {
                    weights[(column * (m.Rows / 8)) + number] |= (uint)m.Code(row, column) << (place * 4);
                }

                for (int group = 0; group < m.Groups; group++)
                {
                    zeros[(group * (m.Rows / 8)) + number] |= (uint)m.ZeroPoint(row, group) << (place * 4);
                }
            }
        }

        yield return Numbers(module + ".qweight", weights, m.Columns, m.Rows / 8);
        yield return Numbers(module + ".qzeros", zeros, m.Groups, m.Rows / 8);
        yield return TransposedScales(module + ".scales", m);
    }

    /// <summary>weight_packed, weight_shape, weight_scale and weight_zero_point of compressed-tensors' pack-quantized format.</summary>
    public static IEnumerable<TensorData> Packed(string module, IntegerMatrix m, bool zeroPoints)
    {
        int per = 32 / m.Bits, numbers = (m.Columns + per - 1) / per, zeroNumbers = (m.Rows + per - 1) / per;
        uint[] weights = new uint[m.Rows * numbers], zeros = new uint[zeroNumbers * m.Groups];
        for (int row = 0; row < m.Rows; row++)
        {
            for (int column = 0; column < m.Columns; column++)
            {
                weights[(row * numbers) + (column / per)] |= (uint)m.Code(row, column) << (column % per * m.Bits);
            }

            for (int group = 0; group < m.Groups; group++)
            {
                zeros[(row / per * m.Groups) + group] |= (uint)m.ZeroPoint(row, group) << (row % per * m.Bits);
            }
        }

        yield return Numbers(module + ".weight_packed", weights, m.Rows, numbers);
        yield return new TensorData(module + ".weight_shape", StoredType.I64, [2], [.. BitConverter.GetBytes((long)m.Rows), .. BitConverter.GetBytes((long)m.Columns)]);
        yield return Scales(module + ".weight_scale", m);
        if (zeroPoints)
        {
            yield return Numbers(module + ".weight_zero_point", zeros, zeroNumbers, m.Groups);
        }
    }

    /// <summary>weight with a signed byte for each code, weight_scale and weight_zero_point, as int-quantized and naive-quantized store them.</summary>
    public static IEnumerable<TensorData> Bytes(string module, IntegerMatrix m, bool zeroPoints)
    {
        int middle = 1 << (m.Bits - 1);
        yield return new TensorData(module + ".weight", StoredType.I8, [m.Rows, m.Columns],
            [.. Enumerable.Range(0, m.Rows * m.Columns).Select(i => (byte)(sbyte)(m.Code(i / m.Columns, i % m.Columns) - middle))]);
        yield return Scales(module + ".weight_scale", m);
        if (zeroPoints)
        {
            yield return new TensorData(module + ".weight_zero_point", StoredType.I8, [m.Rows, m.Groups],
                [.. Enumerable.Range(0, m.Rows * m.Groups).Select(i => (byte)(sbyte)(m.ZeroPoint(i / m.Groups, i % m.Groups) - middle))]);
        }
    }

    /// <summary>A quantization_config of compressed-tensors.</summary>
    public static string CompressedConfig(string format, IntegerMatrix m, bool symmetric, bool wholeRows, string ignore = "ignore") => $$$"""
        {"quant_method": "compressed-tensors", "format": "{{{format}}}", "{{{ignore}}}": ["lm_head"], "config_groups": {"group_0": {"targets": ["Linear"],
         "weights": {"num_bits": {{{m.Bits}}}, "type": "int", "symmetric": {{{(symmetric ? "true" : "false")}}},
         "strategy": "{{{(wholeRows ? "channel" : "group")}}}", "group_size": {{{(wholeRows ? "null" : $"{m.Group}")}}} } } } }
        """;

    private static TensorData Numbers(string name, uint[] numbers, params long[] shape) =>
        new(name, StoredType.I32, shape, [.. numbers.SelectMany(BitConverter.GetBytes)]);

    private static TensorData Scales(string name, IntegerMatrix m) => new(name, StoredType.F16, [m.Rows, m.Groups],
        [.. Enumerable.Range(0, m.Rows * m.Groups).SelectMany(i => BitConverter.GetBytes(m.Scale(i / m.Groups, i % m.Groups)))]);

    private static TensorData TransposedScales(string name, IntegerMatrix m) => new(name, StoredType.F16, [m.Groups, m.Rows],
        [.. Enumerable.Range(0, m.Rows * m.Groups).SelectMany(i => BitConverter.GetBytes(m.Scale(i % m.Rows, i / m.Rows)))]);
}
