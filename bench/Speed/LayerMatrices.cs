using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>The matrices of one layer with random weights in one piece of device memory.</summary>
internal sealed class LayerMatrices : IDisposable
{
    private readonly DisposableStack _owned = new();

    /// <summary>Allocates and fills the memory.</summary>
    public LayerMatrices(CudaComputeDevice device, ModelConfig config, WeightTypes types, int layer)
    {
        CudaMatrixLayout[] layouts = Layouts(config, types, layer);
        try
        {
            IDeviceMemory memory = _owned.Add(device.Loader.Allocate(layouts.Sum(static layout => layout.ByteLength)));
            IMatrix[] matrices = new IMatrix[layouts.Length];
            ulong address = ((CudaMemory)memory).Address;
            for (int i = 0; i < layouts.Length; i++)
            {
                DeviceFill.Matrix(device, address, layouts[i], seed: (layer * layouts.Length) + i);
                matrices[i] = new CudaMatrix(DeviceMatrix.At(layouts[i], address));
                address += (ulong)layouts[i].ByteLength;
            }

            (Projection, Output, Router, SharedGateUp, SharedDown) = (matrices[0], matrices[1], matrices[2], matrices[3], matrices[4]);
            (GateUp, Down) = (_owned.Add(device.CreateTable(config.Experts)), _owned.Add(device.CreateTable(config.Experts)));
            for (int expert = 0; expert < config.Experts; expert++)
            {
                GateUp[expert] = matrices[5 + (2 * expert)];
                Down[expert] = matrices[6 + (2 * expert)];
            }
        }
        catch
        {
            _owned.Dispose();
            throw;
        }

        AlwaysReadBytes = layouts[..5].Sum(static layout => layout.ByteLength);
        ExpertBytes = layouts[5].ByteLength + layouts[6].ByteLength;
        AlwaysParameters = layouts[..5].Sum(static layout => (long)layout.Rows * layout.Columns);
        ExpertParameters = ((long)layouts[5].Rows * layouts[5].Columns) + ((long)layouts[6].Rows * layouts[6].Columns);
    }

    /// <summary>Queries, keys and values.</summary>
    public IMatrix Projection { get; }

    /// <summary>The output projection of attention.</summary>
    public IMatrix Output { get; }

    /// <summary>The router, float32.</summary>
    public IMatrix Router { get; }

    /// <summary>Gate and up of the shared expert.</summary>
    public IMatrix SharedGateUp { get; }

    /// <summary>Down of the shared expert.</summary>
    public IMatrix SharedDown { get; }

    /// <summary>Gate and up of the experts.</summary>
    public IMatrixTable GateUp { get; }

    /// <summary>Down of the experts.</summary>
    public IMatrixTable Down { get; }

    /// <summary>Bytes of the matrices that every step reads.</summary>
    public long AlwaysReadBytes { get; }

    /// <summary>Bytes of an expert.</summary>
    public long ExpertBytes { get; }

    /// <summary>Weights that every token is multiplied with.</summary>
    public long AlwaysParameters { get; }

    /// <summary>Weights of an expert.</summary>
    public long ExpertParameters { get; }

    /// <summary>Bytes that a layer takes.</summary>
    public static long BytesOf(ModelConfig config, WeightTypes types, int layer) => Layouts(config, types, layer).Sum(static layout => layout.ByteLength);

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();

    private static CudaMatrixLayout[] Layouts(ModelConfig config, WeightTypes types, int layer)
    {
        ElementType attention = types.TypeOf($"model.layers.{layer}.self_attn.q_proj"), mlp = types.TypeOf($"model.layers.{layer}.mlp.shared_mlp.gate_proj");
        int hidden = config.HiddenSize, width = config.IntermediateSize(layer), shared = config.SharedIntermediateSize(layer);
        int projected = config.QuerySize + (config.IsSelfLayer(layer) ? 2 * config.KvSize : 0);
        CudaMatrixLayout gateUp = CudaMatrixLayout.Of(2 * width, hidden, mlp, paired: true), down = CudaMatrixLayout.Of(hidden, width, mlp);
        return
        [
            CudaMatrixLayout.Of(projected, hidden, attention),
            CudaMatrixLayout.Of(hidden, config.QuerySize, attention),
            CudaMatrixLayout.Of(config.Experts, hidden, ElementType.F32),
            CudaMatrixLayout.Of(2 * shared, hidden, mlp, paired: true),
            CudaMatrixLayout.Of(hidden, shared, mlp),
            .. Enumerable.Range(0, config.Experts).SelectMany(_ => new[] { gateUp, down }),
        ];
    }
}
