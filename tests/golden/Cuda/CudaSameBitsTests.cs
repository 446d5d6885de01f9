using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>No bit of a sequence's logits depends on chunks, on the rest of the batch or on the choice of KV blocks.</summary>
public sealed class CudaSameBitsTests
{
    public static TheoryData<string, ComputeMode, QuantFormat, KvFormat> Cases => new()
    {
        { "tiny-cla", ComputeMode.F32, QuantFormat.None, KvFormat.F32 },
        { "tiny-cla", ComputeMode.Bf16, QuantFormat.None, KvFormat.Bf16 },
        { "tiny-top8-nocla", ComputeMode.Bf16, QuantFormat.Int8All, KvFormat.Int8 },
        { "tiny-share4", ComputeMode.Bf16, QuantFormat.Int4All, KvFormat.Bf16 },
        { "tiny-dense", ComputeMode.Bf16, QuantFormat.Fp8, KvFormat.Fp8 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Chunks_blocks_and_batches(string name, ComputeMode mode, QuantFormat quant, KvFormat kv)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = CudaModels.Load(golden.ModelFolder, mode, quant, kv);
        int[] ids = golden.Prompts.First(static prompt => prompt.Ids.Length == 33).Ids;
        float[][] whole = new Session(model).Append(ids);
        SameBitsTests.AssertSame(whole, new Session(model, firstBlock: 7).Append(ids, chunk: 9), "chunks of 9");

        int[] others = [.. ids.Reverse()];
        Session first = new(model, firstBlock: 2), second = new(model, firstBlock: 9);
        AttentionBatch batch = model.CreateBatch();
        batch.Add(second.Slice(0, others.Length));
        batch.Add(first.Slice(others.Length, ids.Length));
        StepLogits logits = model.Forward([.. others, .. ids], batch, [.. Enumerable.Range(others.Length, ids.Length)], ids.Length);
        SameBitsTests.AssertSame(whole, [.. Enumerable.Range(0, ids.Length).Select(i => logits.Row(i).ToArray())], "with another sequence");
    }
}
