using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.CodeGeneration;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Measurement;

/// <summary>
/// Measures the machine's limits with the given workers: memory read bandwidth and peak arithmetic. Both vary with other load on the
/// machine and with clock speeds, so measure them next to what is compared with them.
/// </summary>
public sealed unsafe class MachineLimits : IDisposable
{
    // Far larger than any cache.
    private const long ReadBytes = 1L << 30;
    private const long ReadUnit = 4 << 20;
    private const int FmaChains = 12;

    private readonly WorkerPool _pool;
    private readonly InstructionSet _isa;
    private readonly NativeBuffer _memory;
    private readonly Peak? _pairs;
    private readonly Peak? _bytes;
    private readonly ReadJob _read;

    /// <summary>Allocates a gigabyte to read.</summary>
    public MachineLimits(WorkerPool pool, InstructionSet isa)
    {
        _pool = pool;
        _isa = isa;
        _memory = new NativeBuffer(ReadBytes);
        _read = new ReadJob(_memory);
        _pairs = isa == InstructionSet.Avx512Bf16 ? new Peak(DotProduct.Bf16Pairs, isa) : null;
        _bytes = PanelCode.HasDotProduct(isa) ? new Peak(DotProduct.Bytes, isa) : null;
    }

    /// <summary>Reads a gigabyte once with all workers and returns bytes per second.</summary>
    public double ReadBandwidth()
    {
        long start = Stopwatch.GetTimestamp();
        _pool.Run(_read, (int)(ReadBytes / ReadUnit));
        return ReadBytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>
    /// Multiplies registers with all workers for about <paramref name="milliseconds"/> and returns operations per second, where a
    /// multiplication and an addition count as two. Where the instruction set has a dot product for the type, that is measured: vdpbf16ps
    /// for BF16 and F8E4M3, vpdpbusd for I8 and I4. Otherwise it is the float32 fused multiply-add at the vector width of the instruction set.
    /// </summary>
    public double PeakOperations(ElementType type, int milliseconds = 30)
    {
        bool integers = type is ElementType.I8 or ElementType.I4 or ElementType.U4 or ElementType.U8;
        PeakJob job = new(integers ? _bytes : type == ElementType.F32 ? null : _pairs, _isa);
        double best = 0;
        for (long iterations = 10_000; ; iterations *= 2)
        {
            job.Iterations = iterations;
            long start = Stopwatch.GetTimestamp();
            _pool.Run(job, _pool.Threads);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            best = Math.Max(best, job.OperationsPerIteration * iterations * _pool.Threads / elapsed.TotalSeconds);
            if (elapsed.TotalMilliseconds >= milliseconds)
            {
                return best;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _pairs?.Dispose();
        _bytes?.Dispose();
    }

    private sealed class ReadJob(NativeBuffer memory) : IJob
    {
        // Stored in a field so that the compiler cannot remove the reads.
        private Vector512<long> _result;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void IJob.Run(int unit, int worker)
        {
            byte* at = memory.Pointer + (unit * ReadUnit);
            Vector512<long> a = default, b = default, c = default, d = default;
            for (byte* end = at + ReadUnit; at < end; at += 256)
            {
                a ^= Vector512.Load((long*)at);
                b ^= Vector512.Load((long*)(at + 64));
                c ^= Vector512.Load((long*)(at + 128));
                d ^= Vector512.Load((long*)(at + 192));
            }

            _result = a ^ b ^ c ^ d;
        }
    }

    // The generated loop of an instruction.
    private sealed class Peak : IDisposable
    {
        private readonly ExecutableMemory _code;

        public Peak(DotProduct dot, InstructionSet isa)
        {
            PeakCodeGenerator generator = new(dot, isa >= InstructionSet.Avx512);
            Operations = generator.Operations;
            _code = new ExecutableMemory(generator.Assemble());
        }

        public double Operations { get; }

        public void Run(long iterations) => ((delegate* unmanaged<long, void>)_code.Address)(iterations);

        public void Dispose() => _code.Dispose();
    }

    private sealed class PeakJob(Peak? code, InstructionSet isa) : IJob
    {
        // Stored in a field so that the compiler cannot remove the arithmetic.
        private Vector512<float> _result;

        public long Iterations { get; set; }

        public double OperationsPerIteration => code?.Operations ?? FmaChains * 2.0 * Lanes;

        private int Lanes => isa switch
        {
            InstructionSet.Portable => 4,
            InstructionSet.Avx2 or InstructionSet.AvxVnni => 8,
            _ => 16,
        };

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void IJob.Run(int unit, int worker)
        {
            if (code is not null)
            {
                code.Run(Iterations);
            }
            else if (Lanes == 4)
            {
                _result = Vector512.Create(Vector256.Create(Chains<Panels.Lanes128, Vector128<float>>(Iterations), default), default);
            }
            else if (Lanes == 8)
            {
                _result = Vector512.Create(Chains<Panels.Lanes256, Vector256<float>>(Iterations), default);
            }
            else
            {
                _result = Chains<Panels.Lanes512, Vector512<float>>(Iterations);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static TVector Chains<TLanes, TVector>(long iterations)
            where TLanes : struct, Panels.ILanes<TVector>
            where TVector : struct
        {
            TVector x = TLanes.Broadcast(0.5f);
            TVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (long iteration = 0; iteration < iterations; iteration++)
            {
                a = TLanes.MultiplyAdd(x, a, x);
                b = TLanes.MultiplyAdd(x, b, x);
                c = TLanes.MultiplyAdd(x, c, x);
                d = TLanes.MultiplyAdd(x, d, x);
                e = TLanes.MultiplyAdd(x, e, x);
                f = TLanes.MultiplyAdd(x, f, x);
                g = TLanes.MultiplyAdd(x, g, x);
                h = TLanes.MultiplyAdd(x, h, x);
                i = TLanes.MultiplyAdd(x, i, x);
                j = TLanes.MultiplyAdd(x, j, x);
                k = TLanes.MultiplyAdd(x, k, x);
                l = TLanes.MultiplyAdd(x, l, x);
            }

            TVector s = TLanes.MultiplyAdd(a, b, TLanes.MultiplyAdd(c, d, TLanes.MultiplyAdd(e, f, x)));
            return TLanes.MultiplyAdd(g, h, TLanes.MultiplyAdd(i, j, TLanes.MultiplyAdd(k, l, s)));
        }
    }
}
