using HunyuanOrleans.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Creates HTTP servers with a model in this process.</summary>
internal static class ModelServer
{
    /// <summary>Creates the builder of a server that logs to the error stream. The caller adds the server's options and where it listens.</summary>
    /// <param name="model">The model. Its weights are loaded when the server starts.</param>
    public static WebApplicationBuilder CreateBuilder(LocalModelOptions model)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hunyuan" });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.Services.AddLocalModel(model);
        builder.Logging.AddSimpleConsole(static console => console.SingleLine = true);
        // The output stream is for results only, so all log messages go to the error stream.
        builder.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return builder;
    }
}
