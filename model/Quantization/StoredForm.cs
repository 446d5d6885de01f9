namespace HunyuanOrleans.Model.Quantization;

/// <summary>The tensors in which a checkpoint stores a quantised matrix.</summary>
public enum StoredForm
{
    /// <summary><c>weight</c> with one element for each code, and <c>weight_scale</c> (or <c>weight_scale_inv</c>).</summary>
    Weight,

    /// <summary><c>weight_packed</c> of compressed-tensors: codes packed along the inputs, with <c>weight_scale</c> and <c>weight_shape</c>.</summary>
    Packed,

    /// <summary>GPTQ: <c>qweight</c> packed along the inputs, <c>qzeros</c> with zero points minus one, <c>scales</c> and <c>g_idx</c>.</summary>
    Gptq,

    /// <summary>GPTQ in its second version: <c>qzeros</c> has the zero points themselves.</summary>
    GptqV2,

    /// <summary>AWQ: <c>qweight</c> and <c>qzeros</c> packed along the outputs in the order of its matrix kernels, and <c>scales</c>.</summary>
    Awq,

    /// <summary>Blocks of a GGUF file: codes and scales together.</summary>
    Gguf,
}
