using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>
/// Random 4-bit weights as checkpoints store them: 32-bit words of 8 codes with offset 8, the first code lowest, and a scale for every 32 columns.
/// </summary>
internal sealed unsafe class StoredInt4Weights
{
    private readonly int _rows;
    private readonly int _columns;
    private readonly ElementType _scaleType;
    private readonly int[] _codes;
    private readonly float[] _scales;

    public StoredInt4Weights(int rows, int columns, ElementType scaleType, int seed)
    {
        Random random = new(seed);
        (_rows, _columns, _scaleType) = (rows, columns, scaleType);
        _codes = [.. Enumerable.Range(0, rows * columns).Select(_ => random.Next(-8, 8))];

        // Values that both 16-bit types represent exactly.
        _scales = [.. Enumerable.Range(0, rows * Groups).Select(_ => random.Next(-128, 128) / 1024f)];
    }

    private int Groups => (_columns + 31) / 32;

    private int Words => (_columns + 7) / 8;

    public int Code(int row, int column) => _codes[(row * _columns) + column];

    public float Scale(int row, int column) => _scales[(row * Groups) + (column / 32)];

    public void SetScale(int row, int group, float scale) => _scales[(row * Groups) + group] = scale;

    public PackedWeights Pack(WorkerPool pool) => Pack(pool, own => [own], _rows);

    public PackedWeights Pack(WorkerPool pool, Func<SourceRows, SourceRows[]> sources, int rows, ElementType target = ElementType.I4)
    {
        uint[] words = new uint[_rows * Words];
        for (int row = 0; row < _rows; row++)
        {
            for (int column = 0; column < _columns; column++)
            {
                words[(row * Words) + (column / 8)] |= (uint)(Code(row, column) + 8) << (4 * (column % 8));
            }
        }

        int size = _scaleType.Size();
        byte[] scales = new byte[_scales.Length * size];
        for (int i = 0; i < _scales.Length; i++)
        {
            byte[] bytes = _scaleType switch
            {
                ElementType.F32 => BitConverter.GetBytes(_scales[i]),
                ElementType.F16 => BitConverter.GetBytes((Half)_scales[i]),
                _ => BitConverter.GetBytes(Conversion.ToBf16(_scales[i])),
            };
            bytes.CopyTo(scales, i * size);
        }

        fixed (uint* codes = words)
        fixed (byte* factors = scales)
        {
            SourceRows own = new((nint)codes, Words * 4L, _rows, ElementType.I4)
            {
                Scales = new SourceScales((nint)factors, Groups * size, _scaleType),
            };
            return PackedWeights.Pack(sources(own), rows, _columns, target, InstructionSets.Best, pool);
        }
    }
}
