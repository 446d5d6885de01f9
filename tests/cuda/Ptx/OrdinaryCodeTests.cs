using System.Reflection;
using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx.Driver;
using Xunit;
using static HunyuanOrleans.Cuda.Compilation.Ptx;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>C# that uses all kinds of integers, floats and control flow gives the same bits as PTX and on the CPU.</summary>
public sealed class OrdinaryCodeTests
{
    private const int Count = 1000;

    [Kernel(threads: 64)]
    internal static void Run(ulong output, int count)
    {
        int i = (BlockX() * 64) + Thread();
        if (i < count)
        {
            ulong result = Mix(i);
            StoreUint(output + ((ulong)i * 8), (uint)result);
            StoreUint(output + ((ulong)i * 8) + 4, (uint)(result >> 32));
        }
    }

    [Fact]
    public void Results_are_the_same()
    {
        using KernelCompiler compiler = new();
        using PtxDriver driver = new();
        string ptx = compiler.Compile(typeof(OrdinaryCodeTests).GetMethod(nameof(Run), BindingFlags.NonPublic | BindingFlags.Static)!);
        nint function = driver.Load(ptx, "Kernel_Run", 0);
        nint stream = driver.CreateStream();
        ulong memory = driver.Allocate(8 * Count);
        nint host = driver.AllocatePinned(8 * Count);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(memory);
        arguments.Add(Count);
        driver.LaunchAsync(function, new CudaGrid((Count + 63) / 64), 64, 0, stream, arguments.Bytes);
        driver.CopyToHostAsync(host, memory, 8 * Count, stream);
        driver.Synchronize(stream);
        long[] results = new long[Count];
        Marshal.Copy(host, results, 0, Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(static i => (long)Mix(i)), results);
    }

    private static ulong Mix(int i)
    {
        ulong hash = 0x9e3779b97f4a7c15;
        int signed = (i * 7919) - 3000000;
        uint unsigned = (uint)i * 2654435761;
        long wide = ((long)signed * signed * 31) - 17;
        hash = Add(hash, (ulong)(signed / ((i % 13) - 6 == 0 ? 5 : (i % 13) - 6)));
        hash = Add(hash, (ulong)(signed % 97));
        hash = Add(hash, unsigned / 10);
        hash = Add(hash, unsigned % 1000);
        hash = Add(hash, (ulong)(wide / 1000003));
        hash = Add(hash, hash % 1000003);
        hash = Add(hash, (ulong)(signed >> (i & 31)) + (unsigned >> (i & 31)) + (ulong)(wide << (i & 63)));
        hash = Add(hash, (byte)signed + (ulong)(sbyte)signed + (ushort)unsigned + (ulong)(short)unsigned);
        hash = Add(hash, (ulong)Math.Max(signed, -5) + Math.Min(unsigned, 77) + (ulong)Math.Abs(signed));
        hash = Add(hash, ~unsigned ^ (ulong)-wide);
        float value = signed;
        hash = Add(hash, (ulong)(int)value + (ulong)(long)(value / 3f));
        hash = Add(hash, value > 10f || !(value < -20f) ? 1ul : 2);
        double precise = wide;
        hash = Add(hash, (ulong)(long)precise);
        for (int j = 0; j < i % 17; j++)
        {
            if (j == 5)
            {
                continue;
            }

            hash = Add(hash, (ulong)j);
            if ((hash & 63) == 9)
            {
                break;
            }
        }

        switch (i % 6)
        {
            case 0:
                return Add(hash, 3);
            case 1:
                return Add(hash, 30);
            case 2:
                return hash ^ (hash >> 7);
            case 3:
                return hash + unsigned;
            case 4:
                return hash - unsigned;
            default:
                return (i & 8) != 0 && signed > 0 ? hash : ~hash;
        }
    }

    private static ulong Add(ulong hash, ulong value) => ((hash ^ value) * 0x100000001b3) ^ (hash >> 29);
}
