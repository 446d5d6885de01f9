using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>Compiled kernels run in the interpreter.</summary>
public sealed class KernelTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 255)]
    [InlineData(2, 257)]
    [InlineData(5, 1003)]
    public void AddBias_adds_the_bias_to_each_row(int rows, int columns)
    {
        using KernelCompiler compiler = new();
        using PtxDriver driver = new();
        string ptx = compiler.Compile(typeof(RowKernels).GetMethod(nameof(RowKernels.AddBias))!);
        nint function = driver.Load(ptx, "Kernel_AddBias", 0);
        nint stream = driver.CreateStream();
        float[] x = [.. Enumerable.Range(0, rows * columns).Select(static i => (i * 0.37f) - 11)];
        float[] bias = [.. Enumerable.Range(0, columns).Select(static i => i * 1.1f)];
        nint host = driver.AllocatePinned((x.Length + bias.Length) * sizeof(float));
        Marshal.Copy(x, 0, host, x.Length);
        Marshal.Copy(bias, 0, host + (x.Length * sizeof(float)), columns);
        ulong device = driver.Allocate((x.Length + columns) * sizeof(float));
        driver.CopyToDeviceAsync(device, host, (x.Length + columns) * sizeof(float), stream);

        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(device);
        arguments.Add(columns * sizeof(float));
        arguments.Add(device + ((ulong)x.Length * sizeof(float)));
        arguments.Add(columns);
        driver.LaunchAsync(function, new CudaGrid(rows), 256, 0, stream, arguments.Bytes);
        driver.CopyToHostAsync(host, device, x.Length * sizeof(float), stream);
        driver.Synchronize(stream);

        float[] result = new float[x.Length];
        Marshal.Copy(host, result, 0, x.Length);
        Assert.Equal(x.Select((value, i) => value + bias[i % columns]), result);
        Assert.Equal(2L * x.Length * sizeof(float), driver.Statistics["Kernel_AddBias"].GlobalBytesRead);
    }
}
