using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Tests.Support;

/// <summary>A packed matrix that owns its memory.</summary>
internal sealed unsafe class PackedWeights : IDisposable
{
    private readonly NativeBuffer _memory;

    private PackedWeights(NativeBuffer memory, PackedMatrix matrix) => (_memory, Matrix) = (memory, matrix);

    public PackedMatrix Matrix { get; }

    /// <summary>Packs row-major float32 values.</summary>
    public static PackedWeights Pack(float[] values, int rows, int columns, ElementType type, InstructionSet isa, WorkerPool pool, bool generate = true)
    {
        fixed (float* source = values)
        {
            return Pack([new SourceRows((nint)source, columns * 4L, rows, ElementType.F32)], rows, columns, type, isa, pool, generate);
        }
    }

    /// <summary>Packs gate and up rows in alternating runs of 64. Zero rows fill the last runs.</summary>
    public static PackedWeights PackPair(float[] gate, float[] up, int rows, int columns, ElementType type, InstructionSet isa, WorkerPool pool)
    {
        fixed (float* g = gate, u = up)
        {
            List<SourceRows> sources = [];
            for (int row = 0; row < rows; row += 64)
            {
                int count = Math.Min(64, rows - row);
                foreach (nint start in (nint[])[(nint)g, (nint)u])
                {
                    sources.Add(new SourceRows(start + (row * columns * 4), columns * 4L, count, ElementType.F32));
                    if (count < 64)
                    {
                        sources.Add(SourceRows.Zeros(64 - count));
                    }
                }
            }

            return Pack(sources, sources.Sum(s => s.Count), columns, type, isa, pool);
        }
    }

    public static PackedWeights Pack(
        IReadOnlyList<SourceRows> sources, int rows, int columns, ElementType type, InstructionSet isa, WorkerPool pool, bool generate = true)
    {
        NativeBuffer memory = new(PackedMatrix.SizeOf(rows, columns, type), clear: false);

        // Elements that packing does not write are NaN.
        memory.Slice(0, (int)memory.ByteLength).Fill(0xFF);
        PackedMatrix matrix = new(rows, columns, type, memory, 0, generate ? PanelKernels.For(isa) : PanelKernels.For(isa, generate: false));
        new MatrixPacker().Pack(pool, matrix, sources);
        return new PackedWeights(memory, matrix);
    }

    /// <summary>The packed element, read by the documented layout.</summary>
    public float this[int row, int column]
    {
        get
        {
            int panels = Matrix.PanelsIn(row / 64);
            int perStep = 4 / Matrix.Type.Size();
            byte* step = Matrix.Block(row / 64) + ((long)(column / perStep) * panels * 64) + (row % 64 * 4);
            return Matrix.Type == ElementType.F32 ? *(float*)step : Conversion.ToSingle(((ushort*)step)[column % perStep]);
        }
    }

    public void Dispose() => _memory.Dispose();
}
