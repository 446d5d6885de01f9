namespace HunyuanOrleans.Contracts.Grains;

/// <summary>A client called a method that only silos may call. The method did not run, and no repetition of the call succeeds.</summary>
[GenerateSerializer, Alias("hunyuan.refused")]
public sealed class CallRefusedException(string message) : Exception(message);
