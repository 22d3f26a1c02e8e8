// For code that host and device share.
#pragma once

#ifdef __CUDACC__
#define RESTEM_HOST_DEVICE __host__ __device__
#else
#define RESTEM_HOST_DEVICE
#endif
