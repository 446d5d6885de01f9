namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>Makes a method one PTX instruction in kernels. Such a method cannot run on the CPU.</summary>
/// <param name="text">
/// The instruction. $0 is the result; $1, $2 and so on are the arguments. $1.0 is the first field of an argument that is a struct.
/// </param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PtxAttribute(string text) : Attribute
{
    /// <summary>The instruction with its placeholders.</summary>
    public string Text { get; } = text;
}
