namespace HunyuanOrleans.Server.Hosting;

/// <summary>Says, by being there, that the server listens where its own options say.</summary>
internal sealed class ListenMark;
