using System.Globalization;
using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx.Driver;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>
/// A kernel of PTX that tests write by hand. When it begins, %d30 is the address of the output and %d31 that of the input. Registers of all kinds are
/// declared: %p, %h (16 bits), %r (32 bits), %f (float32), %d (64 bits), %g (float64).
/// </summary>
/// <param name="body">The instructions.</param>
internal sealed class TestKernel(string body)
{
    /// <summary>Threads of a block.</summary>
    public int Threads { get; init; } = 32;

    /// <summary>Blocks of the grid.</summary>
    public int Blocks { get; init; } = 1;

    /// <summary>Bytes of dynamic_shared.</summary>
    public int SharedBytes { get; init; }

    /// <summary>How the driver behaves.</summary>
    public PtxDriverOptions Options { get; init; } = new();

    /// <summary>The text of the module.</summary>
    public string Module => $$"""
        .version 8.0
        .target sm_90
        .address_size 64
        .extern .shared .align 16 .b8 dynamic_shared[];
        .visible .entry test(.param .b64 output, .param .b64 input)
        .maxntid 1024, 1, 1
        {
            .reg .pred %p<8>;
            .reg .b16 %h<8>;
            .reg .b32 %r<64>;
            .reg .f32 %f<32>;
            .reg .b64 %d<32>;
            .reg .f64 %g<4>;
            ld.param.b64 %d30, [output];
            ld.param.b64 %d31, [input];
            {{body}}
            ret;
        }
        """;

    /// <summary>Runs it.</summary>
    /// <param name="input">The input.</param>
    /// <param name="count">Elements of the output.</param>
    /// <returns>The output.</returns>
    public T[] Run<T>(ReadOnlySpan<T> input, int count)
        where T : unmanaged
    {
        using PtxDriver driver = new(Options);
        nint function = driver.Load(Module, "test", SharedBytes);
        nint stream = driver.CreateStream();
        ulong target = driver.Allocate(Math.Max(1, Bytes<T>(count)));
        ulong source = driver.Allocate(Math.Max(1, Bytes<T>(input.Length)));
        nint host = driver.AllocatePinned(Math.Max(1, Bytes<T>(Math.Max(count, input.Length))));
        MemoryMarshal.AsBytes(input).CopyTo(Span(host, Bytes<T>(input.Length)));
        driver.CopyToDeviceAsync(source, host, Bytes<T>(input.Length), stream);
        driver.Synchronize(stream);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(target);
        arguments.Add(source);
        driver.LaunchAsync(function, new CudaGrid(Blocks), Threads, SharedBytes, stream, arguments.Bytes);
        driver.CopyToHostAsync(host, target, Bytes<T>(count), stream);
        driver.Synchronize(stream);
        return [.. MemoryMarshal.Cast<byte, T>(Span(host, Bytes<T>(count)))];
    }

    /// <summary>Runs it without input.</summary>
    public T[] Run<T>(int count)
        where T : unmanaged => Run(ReadOnlySpan<T>.Empty, count);

    /// <summary>Runs one instruction on many operands.</summary>
    /// <param name="instruction">The instruction with the operands %0 for the result and %1, %2 and %3.</param>
    /// <param name="types">Types of the operands from the result on.</param>
    /// <param name="rows">The arguments' bits for each run.</param>
    /// <returns>The result's bits for each run.</returns>
    public static ulong[] Apply(string instruction, string[] types, IReadOnlyList<ulong[]> rows)
    {
        string text = instruction;
        string loads = "";
        for (int i = 0; i < types.Length; i++)
        {
            text = text.Replace($"%{i}", Register(types[i], i), StringComparison.Ordinal);
            loads += i == 0 ? "" : types[i] == "pred"
                ? $"ld.global.b32 %r40, [%d1+{8 * (i - 1)}]; setp.ne.b32 %p{i}, %r40, 0;\n"
                : $"ld.global.{types[i]} {Register(types[i], i)}, [%d1+{8 * (i - 1)}];\n";
        }

        string store = types[0] == "pred"
            ? "selp.b32 %r41, 1, 0, %p0;\nst.global.b32 [%d0], %r41;"
            : $"st.global.{types[0]} [%d0], {Register(types[0], 0)};";
        int count = types.Length - 1;
        string kernel = $"""
            mov.u32 %r50, %ctaid.x;
            mov.u32 %r51, %tid.x;
            mad.lo.u32 %r52, %r50, 32, %r51;
            mul.wide.u32 %d1, %r52, {8 * count};
            add.u64 %d1, %d1, %d31;
            mul.wide.u32 %d0, %r52, 8;
            add.u64 %d0, %d0, %d30;
            mov.b64 %d2, 0;
            st.global.b64 [%d0], %d2;
            {loads}
            {text}
            {store}
            """;
        int blocks = (rows.Count + 31) / 32;
        ulong[] input = new ulong[blocks * 32 * count];
        for (int row = 0; row < blocks * 32; row++)
        {
            rows[Math.Min(row, rows.Count - 1)].AsSpan(0, count).CopyTo(input.AsSpan(row * count));
        }

        return new TestKernel(kernel) { Blocks = blocks }.Run<ulong>(input, blocks * 32)[..rows.Count];
    }

    private static string Register(string type, int index) => type switch
    {
        "pred" => string.Create(CultureInfo.InvariantCulture, $"%p{index}"),
        "f32" => string.Create(CultureInfo.InvariantCulture, $"%f{index}"),
        "f64" => string.Create(CultureInfo.InvariantCulture, $"%g{index}"),
        _ when type.EndsWith("16", StringComparison.Ordinal) => string.Create(CultureInfo.InvariantCulture, $"%h{index}"),
        _ when type.EndsWith("64", StringComparison.Ordinal) => string.Create(CultureInfo.InvariantCulture, $"%d{index + 3}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"%r{index}"),
    };

    private static int Bytes<T>(int count)
        where T : unmanaged => count * Marshal.SizeOf<T>();

    private static unsafe Span<byte> Span(nint memory, int bytes) => new((void*)memory, bytes);
}
