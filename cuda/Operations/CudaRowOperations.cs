using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Rows;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>The operations on rows of a device.</summary>
/// <param name="operations">Submits them.</param>
/// <param name="indexes">Device memory for lists of row numbers.</param>
internal sealed class CudaRowOperations(RowOperations operations, GrowingArray indexes)
    : IRmsNorm, IRowGather, IExpertSelector, IWeightedRowSum, IBiasAdd
{
    void IRmsNorm.Run(IActivation x, int rows, IVector weight, float eps, IActivation y, IActivation? copyF32) =>
        operations.Norm((CudaActivation)x, 0, rows, ((CudaVector)weight).Row, eps, (CudaActivation)y, (CudaActivation?)copyF32);

    void IRowGather.Run(IActivation from, int[] rows, int count, IActivation to) =>
        operations.Gather((CudaActivation)from, indexes.Upload(rows.AsSpan(0, count)), count, (CudaActivation)to);

    void IRowGather.Run(IActivation from, IRoutedRows routed, IActivation to) =>
        operations.Gather((CudaActivation)from, ((CudaRouted)routed).Device.TokenOf.Address, routed.Rows, (CudaActivation)to);

    void IExpertSelector.Run(IActivation scores, IRoutedRows routed, SigmoidRouting? sigmoid)
    {
        if (sigmoid is not null)
        {
            throw new NotSupportedException("The kernels of GPUs choose experts by the softmax only.");
        }

        ((CudaRouted)routed).Route((CudaActivation)scores);
    }

    void IWeightedRowSum.Run(IActivation x, IRoutedRows routed, IActivation y)
    {
        CudaRoutedRows device = ((CudaRouted)routed).Device;
        operations.AddWeighted((CudaActivation)x, device.RowOf.Address, device.Weights.Address, routed.TopK, routed.Tokens, (CudaActivation)y);
    }

    void IBiasAdd.Run(IActivation x, int rows, IVector bias) => operations.AddBias((CudaActivation)x, rows, ((CudaVector)bias).Row);
}
